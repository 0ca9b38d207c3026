import type { FocusConfig } from '../config/config-file.ts'
import { focusOptionsOf } from '../config/focus-options.ts'
import type { CommandContext } from '../terminal/context.ts'
import { findDatabase } from '../config/database-name.ts'
import { CommandFailure } from '../terminal/failure.ts'
import { RemoteClient } from '../remote/client.ts'
import { type RemoteFlags, type RemoteSettings, resolveRemote } from '../remote/remote-settings.ts'
import { checkDatabase } from './database.ts'
import { type Finding, skipped } from './finding.ts'
import { checkGithub } from './github.ts'
import { checkGoogle, type GoogleSettings } from './google.ts'
import { checkRedis } from './redis.ts'
import { checkServer } from './server.ts'
import { checkSettings } from './doctor-settings.ts'
import { checkIdle, checkUpgrade } from './websocket.ts'

export interface ExamineFlags extends RemoteFlags {
  /** Skips the checks that wait for a heartbeat. */
  readonly quick?: boolean
  readonly token?: string
}

/** Runs all checks concurrently. The findings are in the order of the guide's Troubleshooting section. */
export async function examine(
  context: CommandContext,
  flags: ExamineFlags,
  config: FocusConfig,
  onWait: (seconds: number) => void,
): Promise<Finding[]> {
  const { env, cwd, signal } = context
  const options = focusOptionsOf(config, env)
  const remote = findServer(context, flags, config)
  const groups = await Promise.all([
    checkSettings(options, env),
    checkGoogle(googleSettings(options, env), signal),
    checkDatabase(findDatabase(context, config) ?? 'sqlite:focus.db', cwd),
    env.REDIS_URL?.trim() ? checkRedis(env.REDIS_URL.trim()) : skipped('redis', 'REDIS_URL is not set'),
    remote === null
      ? skipped('server', 'no server is named (--url, FOCUS_URL)')
      : examineServer(remote, flags, signal, onWait),
    checkGithub(cwd, env),
  ])
  return groups.flat()
}

async function examineServer(
  remote: RemoteSettings,
  flags: ExamineFlags,
  signal: AbortSignal,
  onWait: (seconds: number) => void,
): Promise<Finding[]> {
  const server = await checkServer(remote, flags.token, signal)
  if (server.some(({ check, status }) => check === 'server' && status === 'failed')) return server
  const upgrade = await checkUpgrade(remote.base, signal)
  if (upgrade.status === 'failed' || flags.quick) return [...server, upgrade]
  const token = flags.token ?? (await tokenOfFirstUser(remote, signal))
  return [...server, upgrade, await checkIdle({ base: remote.base, token, signal, onWait })]
}

/** Returns a short-lived token of the first user; the check works with any user. */
async function tokenOfFirstUser(remote: RemoteSettings, signal: AbortSignal): Promise<string | null> {
  const client = new RemoteClient(remote)
  try {
    const { users } = await client.call('/admin/users?limit=1', { signal })
    const first: unknown = Array.isArray(users) ? users[0] : undefined
    const id: unknown = typeof first === 'object' && first !== null ? Reflect.get(first, 'id') : undefined
    if (typeof id !== 'number' && typeof id !== 'string') return null
    const { access_token: token } = await client.call('/admin/token', { method: 'POST', body: { user: id }, signal })
    return typeof token === 'string' ? token : null
  } catch (error) {
    if (error instanceof CommandFailure) return null
    throw error
  }
}

function findServer(context: CommandContext, flags: RemoteFlags, config: FocusConfig): RemoteSettings | null {
  try {
    return resolveRemote(flags, context, config)
  } catch (error) {
    if (error instanceof CommandFailure && error.code === 'no_server') return null
    throw error
  }
}

function googleSettings(options: FocusConfig, env: CommandContext['env']): GoogleSettings {
  const value = (name: string, fallback: string | undefined) => env[name]?.trim() || fallback || null
  const home =
    value('FOCUS_PUBLIC_URL', options.publicUrl) ?? `http://localhost:${env.PORT?.trim() || options.port || 8000}`
  // Normalized as the server does it.
  const base = URL.canParse(home) ? new URL(home).href : home
  const callback = `${base.replace(/\/+$/, '')}${options.basePath ?? '/api'}/auth/google/callback`
  return {
    clientId: value('GOOGLE_CLIENT_ID', options.google?.clientId),
    clientSecret: value('GOOGLE_CLIENT_SECRET', options.google?.clientSecret),
    redirectUri: value('GOOGLE_REDIRECT_URI', options.google?.redirectUri) ?? callback,
    callback,
    issuer: options.google?.issuer ?? 'https://accounts.google.com',
  }
}
