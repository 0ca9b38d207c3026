import { type JsonDocument, textOf } from '../remote/client.ts'
import type { RemoteSettings } from '../remote/remote-settings.ts'
import { checkProxy } from './proxy.ts'
import { checkCluster } from './cluster.ts'
import { failed, type Finding, ok, reasonOf, skipped, warning } from './finding.ts'

const TIMEOUT_MS = 10_000

/** Checks that the server answers, is ready, and accepts the admin key and the token. */
export async function checkServer(
  { base, adminKey }: RemoteSettings,
  token: string | undefined,
  signal: AbortSignal,
): Promise<Finding[]> {
  const get = (path: string, bearer?: string | null) => ask(base + path, bearer, signal)
  let health: Answer
  try {
    health = await get('/health')
  } catch (error) {
    return [
      failed(
        'server',
        `${base} cannot be reached: ${reasonOf(error)}.`,
        'Check that the server runs, and check the address, DNS, firewall and reverse proxy.',
      ),
    ]
  }
  if (health.body?.status !== 'ok') {
    const fix =
      health.status >= 500
        ? 'The reverse proxy answers but cannot reach the server behind it: check that the server runs, and check `proxy_pass`.'
        : 'Check the address, with the base path when that is not /api, and `proxy_pass`: the path must reach the server unchanged.'
    return [failed('server', `The server at ${base} is not a Focus server (HTTP ${health.status}).`, fix)]
  }
  return [
    ok('server', `${base} answers`),
    checkReady(await get('/ready')),
    ...(await checkAsAdmin(adminKey, get)),
    ...(token === undefined ? [] : [checkToken(await get('/auth/me', token))]),
  ]
}

function checkReady({ status, body }: Answer): Finding {
  if (body?.status === 'degraded') {
    return warning(
      'server.ready',
      'The server is ready, but does not hear the other nodes.',
      'Check what carries messages between them: Redis (REDIS_URL), or the database.',
    )
  }
  if (status === 200) return ok('server.ready', 'the server is ready')
  return failed(
    'server.ready',
    `The server is not ready (HTTP ${status}, ${textOf(body?.code)}).`,
    body?.code === 'draining' ? 'It is shutting down; use another node.' : 'Check the database of the server.',
  )
}

async function checkAsAdmin(
  adminKey: string | null,
  get: (path: string, bearer: string) => Promise<Answer>,
): Promise<Finding[]> {
  if (adminKey === null) return [checkAdminKey(null)]
  const client = await get('/admin/client', adminKey)
  const finding = checkAdminKey(client)
  if (finding.status !== 'ok') return [finding]
  const nodes = await get('/admin/nodes', adminKey)
  return [finding, checkProxy(client.status, client.body), ...checkCluster(nodes.status === 200 ? nodes.body : null)]
}

function checkAdminKey(answer: Answer | null): Finding {
  if (answer === null) return skipped('admin_key', 'no admin key was given (--admin-key, FOCUS_ADMIN_KEY)')
  if (answer.status === 200) return ok('admin_key', 'the admin key is correct')
  return answer.body?.code === 'admin_key_missing'
    ? failed('admin_key', 'The server has no admin key.', 'Set FOCUS_ADMIN_KEY where the server runs.')
    : failed('admin_key', 'The server refuses the admin key.', "Use the server's own FOCUS_ADMIN_KEY.")
}

const tokenFixes: Readonly<Record<string, string>> = {
  token_expired: 'Refresh it (POST /auth/refresh), or sign in again.',
  session_revoked: 'Its session has ended: sign in again.',
  invalid_token: 'Use the complete access_token of a sign-in at this server.',
}

function checkToken({ status, body }: Answer): Finding {
  if (status === 200) return ok('token', `the token belongs to ${textOf(body?.username)}`)
  const code = textOf(body?.code ?? status)
  return failed('token', `The server refuses the token (${code}).`, tokenFixes[code] ?? 'Sign in again.')
}

interface Answer {
  readonly status: number
  /** Null when the body is not a JSON object. */
  readonly body: JsonDocument | null
}

async function ask(url: string, bearer: string | null | undefined, signal: AbortSignal): Promise<Answer> {
  const response = await fetch(url, {
    headers: { accept: 'application/json', ...(bearer ? { authorization: `Bearer ${bearer}` } : {}) },
    redirect: 'manual',
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  })
  const body: unknown = await response.json().catch(() => null)
  return { status: response.status, body: typeof body === 'object' ? (body as JsonDocument | null) : null }
}
