import { createHash, randomBytes } from 'node:crypto'
import { failed, type Finding, ok, reasonOf, skipped, warning } from './finding.ts'

/** Configuration of the sign-in with Google; null for values that are not set. */
export interface GoogleSettings {
  readonly clientId: string | null
  readonly clientSecret: string | null
  readonly redirectUri: string
  /** Callback address of this server. */
  readonly callback: string
  readonly issuer: string
}

interface Discovery {
  readonly authorization_endpoint: string
  readonly token_endpoint: string
}

const TIMEOUT_MS = 10_000
const console = 'Google Cloud Console, APIs & Services > Credentials'

/** Checks the problems of the guide's "OAuth" section: redirect URI, client, unreachable provider, wrong clock. */
export async function checkGoogle(settings: GoogleSettings, signal: AbortSignal): Promise<Finding[]> {
  const { clientId, clientSecret } = settings
  if (clientId === null || clientSecret === null) {
    return [
      clientId === clientSecret
        ? skipped('google', 'sign-in with Google is not configured')
        : failed(
            'google.credentials',
            `${clientId === null ? 'GOOGLE_CLIENT_ID' : 'GOOGLE_CLIENT_SECRET'} is missing.`,
            `Copy both from the ${console}.`,
          ),
    ]
  }
  const own = checkOwnCallback(settings)
  const found = await discover(settings.issuer, signal)
  if ('findings' in found) return [...own, ...found.findings]
  const client = { ...settings, clientId, clientSecret }
  return [
    ...own,
    found.reachable,
    checkClock(found.date),
    await checkClient(found.discovery, client, signal),
    await checkRedirectUri(found.discovery, client, signal),
  ]
}

function checkOwnCallback({ redirectUri, callback }: GoogleSettings): Finding[] {
  if (redirectUri === callback) return []
  return [
    warning(
      'google.callback',
      `GOOGLE_REDIRECT_URI is ${redirectUri}, but this server answers at ${callback}.`,
      `Set GOOGLE_REDIRECT_URI=${callback} and register the same address in the ${console}, unless a proxy forwards one to the other.`,
    ),
  ]
}

async function discover(
  issuer: string,
  signal: AbortSignal,
): Promise<
  | { readonly findings: Finding[] }
  | { readonly discovery: Discovery; readonly date: Date | null; readonly reachable: Finding }
> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const fix = 'Check the network, the proxy and the name of the issuer; the server must be able to reach it too.'
  try {
    const response = await fetch(url, { signal: timed(signal) })
    const document: Partial<Discovery> & { issuer?: unknown } = await response.json()
    const { authorization_endpoint: authorization, token_endpoint: token } = document
    if (!response.ok || authorization === undefined || token === undefined) {
      return { findings: [failed('google.discovery', `${url} is not an OpenID discovery document.`, fix)] }
    }
    const date = response.headers.get('date')
    return {
      discovery: { authorization_endpoint: authorization, token_endpoint: token },
      date: date === null ? null : new Date(date),
      reachable: ok('google.discovery', `${issuer} answers`),
    }
  } catch (error) {
    return { findings: [failed('google.discovery', `${issuer} cannot be reached: ${reasonOf(error)}.`, fix)] }
  }
}

/** Limit of the clock skew in seconds: tokens beyond it are refused. */
const SKEW_LIMIT_SECONDS = 30

function checkClock(date: Date | null): Finding {
  if (date === null || Number.isNaN(date.getTime())) return skipped('clock', 'the provider sends no Date header')
  const skew = Math.round((Date.now() - date.getTime()) / 1000)
  const message = `this clock is ${Math.abs(skew)} s ${skew < 0 ? 'behind' : 'ahead of'} the provider's`
  const fix = 'Synchronize the clock with NTP (`timedatectl set-ntp true`): ID tokens are refused beyond 30 s.'
  if (Math.abs(skew) > SKEW_LIMIT_SECONDS) return failed('clock', message, fix)
  if (Math.abs(skew) > SKEW_LIMIT_SECONDS / 3) return warning('clock', message, fix)
  return ok('clock', 'this clock agrees with the provider’s')
}

type Client = GoogleSettings & { readonly clientId: string; readonly clientSecret: string }

/** Sends a code that cannot exist: the provider answers `invalid_grant` when it accepts the client. */
async function checkClient(discovery: Discovery, client: Client, signal: AbortSignal): Promise<Finding> {
  const check = 'google.client'
  try {
    const response = await fetch(discovery.token_endpoint, {
      method: 'POST',
      signal: timed(signal),
      redirect: 'manual',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code: 'focus-doctor',
        redirect_uri: client.redirectUri,
        code_verifier: randomBytes(32).toString('base64url'),
        client_id: client.clientId,
        client_secret: client.clientSecret,
      }),
    })
    const { error } = (await response.json()) as { error?: unknown }
    if (error === 'invalid_client' || error === 'unauthorized_client' || response.status === 401) {
      return failed(
        check,
        'The provider does not accept the client (invalid_client).',
        `Check GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET against the ${console}: no spaces, no quotes, both of the same client.`,
      )
    }
    return ok(check, 'the provider accepts client ID and secret')
  } catch (error) {
    return failed(
      check,
      `The token endpoint cannot be reached: ${reasonOf(error)}.`,
      'Try again when the provider answers.',
    )
  }
}

/** Starts a sign-in at the provider, and only checks whether its answer accepts the redirect URI. */
async function checkRedirectUri(discovery: Discovery, client: Client, signal: AbortSignal): Promise<Finding> {
  const check = 'google.redirect_uri'
  const url = new URL(discovery.authorization_endpoint)
  const verifier = randomBytes(32).toString('base64url')
  const parameters = {
    client_id: client.clientId,
    redirect_uri: client.redirectUri,
    response_type: 'code',
    scope: 'openid email profile',
    state: randomBytes(16).toString('base64url'),
    nonce: randomBytes(16).toString('base64url'),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    prompt: 'none',
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  try {
    const response = await fetch(url, { signal: timed(signal), redirect: 'manual' })
    const body = await response.text()
    const location = response.headers.get('location') ?? ''
    if (location.startsWith(client.redirectUri)) return ok(check, `the provider knows ${client.redirectUri}`)
    const refused = response.status >= 400 || /\/error\b|authError/.test(location)
    if (!refused) return ok(check, `the provider does not refuse ${client.redirectUri}`)
    if (/invalid_client|deleted_client/.test(body)) {
      return failed(
        check,
        'The provider does not know the client ID (invalid_client).',
        `Check GOOGLE_CLIENT_ID against the ${console}.`,
      )
    }
    return failed(
      check,
      `The provider does not know the redirect URI ${client.redirectUri} (redirect_uri_mismatch).`,
      `Add exactly this address under "Authorized redirect URIs" of the ${console}, or set GOOGLE_REDIRECT_URI to one that is there: scheme, host, port, path and final slash all count.`,
    )
  } catch (error) {
    return failed(
      check,
      `The authorization endpoint cannot be reached: ${reasonOf(error)}.`,
      'Try again when the provider answers.',
    )
  }
}

function timed(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])
}
