import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import type { FocusConfig } from '../config/config-file.ts'
import { CommandFailure } from '../terminal/failure.ts'
import { readPort } from '../server/port.ts'
import type { CommandContext } from '../terminal/context.ts'
import { defaultDataFolder } from '../config/data-folder.ts'

export interface DevFlags {
  readonly port?: string
  readonly host?: string
  readonly data?: string
  readonly open?: boolean
}

/** Settings of `focus dev`, resolved and validated before anything is opened. */
export interface DevSettings {
  readonly port: number
  readonly host: string
  /** Whether only this machine can reach the server. */
  readonly loopbackOnly: boolean
  /** Absolute path. */
  readonly dataFolder: string
  /** `sqlite:` in the data folder, unless `DATABASE_URL` or `focus.config.ts` is set. */
  readonly database: NonNullable<FocusConfig['database']>
  /** Secret for a database without a secret file beside it; undefined lets Focus choose. */
  readonly secret: string | undefined
  /** Whether `FOCUS_STATS` sets who can read the stats. */
  readonly statsSet: boolean
  readonly publicUrl: string | undefined
  /** Google's credentials; null selects the development issuer. */
  readonly google: { readonly clientId: string; readonly clientSecret: string } | null
  readonly oauthEnabled: boolean
  readonly adminKey: string | undefined
}

/**
 * Reads the settings from flags, then environment variables, then `focus.config.ts`.
 *
 * @throws CommandFailure `usage` for a flag of the wrong form, `invalid_option` for a variable
 */
export function readDevSettings(
  flags: DevFlags,
  { env, cwd }: Pick<CommandContext, 'env' | 'cwd'>,
  config: FocusConfig,
): DevSettings {
  const value = (name: string) => (env[name]?.trim() ? env[name].trim() : undefined)
  const host = flags.host ?? '127.0.0.1'
  const dataFolder = resolve(cwd, flags.data ?? defaultDataFolder)
  const database = value('DATABASE_URL') ?? config.database
  const publicUrl = value('FOCUS_PUBLIC_URL') ?? config.publicUrl
  return {
    port: readPort(flags.port, value('PORT'), config.port),
    host,
    loopbackOnly: isLoopback(host),
    dataFolder,
    database: database ?? `sqlite:${resolve(dataFolder, 'focus.db')}`,
    secret:
      (value('FOCUS_SECRET') ?? config.secret) === undefined && isServerDatabase(database)
        ? developmentSecret(database)
        : undefined,
    statsSet: (value('FOCUS_STATS') ?? config.stats) !== undefined,
    publicUrl,
    google: readGoogle(
      value('GOOGLE_CLIENT_ID') ?? config.google?.clientId,
      value('GOOGLE_CLIENT_SECRET') ?? config.google?.clientSecret,
    ),
    oauthEnabled: !/^(?:false|0|no|off)$/i.test(value('OAUTH_ENABLED') ?? String(config.oauth?.enabled ?? '')),
    adminKey: value('FOCUS_ADMIN_KEY') ?? config.adminKey,
  }
}

function readGoogle(clientId: string | undefined, clientSecret: string | undefined): DevSettings['google'] {
  if (clientId !== undefined && clientSecret !== undefined) return { clientId, clientSecret }
  if (clientId === undefined && clientSecret === undefined) return null
  const [given, missing] =
    clientId === undefined ? ['GOOGLE_CLIENT_SECRET', 'GOOGLE_CLIENT_ID'] : ['GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET']
  throw new CommandFailure(
    'invalid_option',
    `${given} is set and ${missing} is not: sign-in with Google requires both.`,
    {
      hint: `Set ${missing} too (Google Cloud Console, APIs & Services, Credentials), or unset ${given}: the development provider then replaces Google.`,
    },
  )
}

/**
 * Derives a secret from the database address, so that two dev servers on one database can read the same keys. This is
 * for development only; `focus serve` requires a real secret.
 */
function developmentSecret(databaseUrl: string): string {
  return createHash('sha256').update(`focus dev ${databaseUrl}`).digest('base64url')
}

function isServerDatabase(database: FocusConfig['database']): database is string {
  return typeof database === 'string' && !database.startsWith('sqlite:')
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
}
