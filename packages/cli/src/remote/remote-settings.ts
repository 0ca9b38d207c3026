import { CommandFailure, usageFailure } from '../terminal/failure.ts'
import type { FocusConfig } from '../config/config-file.ts'
import type { CommandContext } from '../terminal/context.ts'
import { findRunningServer } from '../config/data-folder.ts'

/** Flags of every command that calls a running server. */
export interface RemoteFlags {
  readonly url?: string
  readonly adminKey?: string
}

/** Address and admin key of a running server. */
export interface RemoteSettings {
  /** Address of the routes, such as `http://localhost:8000/api`, without a trailing slash. */
  readonly base: string
  /** Null when no key is known: public routes still answer. */
  readonly adminKey: string | null
  /** Whether the server was found in the data folder of a `focus dev`. */
  readonly fromDataFolder: boolean
}

/**
 * Finds the server: from flags, otherwise from `FOCUS_URL` and `FOCUS_ADMIN_KEY` (environment or `.env`), otherwise
 * from `focus.config.ts`, otherwise the `focus dev` that runs in this folder.
 *
 * @throws CommandFailure `no_server` when nothing names one, `usage` for an address of the wrong form
 */
export function resolveRemote(
  flags: RemoteFlags,
  { env, cwd }: Pick<CommandContext, 'env' | 'cwd'>,
  config: FocusConfig,
): RemoteSettings {
  const configured = config.url ?? config.publicUrl
  const named = flags.url ?? nonEmpty(env.FOCUS_URL) ?? configured
  const key = flags.adminKey ?? nonEmpty(env.FOCUS_ADMIN_KEY) ?? config.adminKey ?? null
  const running = findRunningServer(cwd)
  if (named !== undefined) {
    const base = baseOf(named, nameOf(flags, env))
    const isOurs = running !== null && baseOf(running.url, 'dev.json') === base
    return { base, adminKey: key ?? (isOurs ? running.adminKey : null), fromDataFolder: false }
  }
  if (running === null) {
    throw new CommandFailure('no_server', 'No Focus server is configured, and no `focus dev` runs in this folder.', {
      hint: 'Start one with `npx focus dev` in this folder, or name yours with --url and --admin-key (FOCUS_URL, FOCUS_ADMIN_KEY).',
    })
  }
  return { base: baseOf(running.url, 'dev.json'), adminKey: key ?? running.adminKey, fromDataFolder: true }
}

/** An address without a path means the default base path, `/api`; otherwise its path is the base path. */
function baseOf(url: string, name: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw usageFailure(
      `${name} is not an http or https address: ${url}`,
      `Use an address such as http://localhost:8000.`,
    )
  }
  return parsed.origin + (parsed.pathname === '/' ? '/api' : parsed.pathname.replace(/\/+$/, ''))
}

function nameOf(flags: RemoteFlags, env: CommandContext['env']): string {
  if (flags.url !== undefined) return '--url'
  return nonEmpty(env.FOCUS_URL) === undefined ? 'url of focus.config.ts' : 'FOCUS_URL'
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value
}
