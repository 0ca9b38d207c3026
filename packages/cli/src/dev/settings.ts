import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { CommandFailure, usageFailure } from '../failure.ts'
import type { CommandContext } from '../context.ts'
import { defaultDataFolder } from '../data-folder.ts'

export interface DevFlags {
  readonly port?: string
  readonly host?: string
  readonly data?: string
  readonly open?: boolean
}

/** What `focus dev` starts with, every value resolved and checked before anything is opened. */
export interface DevSettings {
  readonly port: number
  readonly host: string
  /** Only this machine can reach the server. */
  readonly loopbackOnly: boolean
  /** Absolute. */
  readonly dataFolder: string
  /** `sqlite:` in the data folder, unless `DATABASE_URL` says otherwise. */
  readonly databaseUrl: string
  /** For a database without a secret file beside it, where `FOCUS_SECRET` is not set; undefined leaves it to Focus. */
  readonly secret: string | undefined
  /** `FOCUS_STATS` says who may read the stats. */
  readonly statsSet: boolean
  readonly publicUrl: string | undefined
  /** Google's credentials; null lets the development issuer stand in. */
  readonly google: { readonly clientId: string; readonly clientSecret: string } | null
  readonly oauthEnabled: boolean
  readonly adminKey: string | undefined
}

const DEFAULT_PORT = 8000

/**
 * From flags, then environment.
 *
 * @throws CommandFailure `usage` for a flag of the wrong form, `invalid_option` for a variable
 */
export function readDevSettings(flags: DevFlags, { env, cwd }: Pick<CommandContext, 'env' | 'cwd'>): DevSettings {
  const value = (name: string) => (env[name]?.trim() ? env[name].trim() : undefined)
  const host = flags.host ?? '127.0.0.1'
  const dataFolder = resolve(cwd, flags.data ?? defaultDataFolder)
  const databaseUrl = value('DATABASE_URL')
  const publicUrl = value('FOCUS_PUBLIC_URL')
  return {
    port: readPort(flags.port, value('PORT')),
    host,
    loopbackOnly: isLoopback(host),
    dataFolder,
    databaseUrl: databaseUrl ?? `sqlite:${resolve(dataFolder, 'focus.db')}`,
    secret:
      value('FOCUS_SECRET') === undefined && isServerDatabase(databaseUrl) ? developmentSecret(databaseUrl) : undefined,
    statsSet: value('FOCUS_STATS') !== undefined,
    publicUrl,
    google: readGoogle(value('GOOGLE_CLIENT_ID'), value('GOOGLE_CLIENT_SECRET')),
    oauthEnabled: !/^(?:false|0|no|off)$/i.test(value('OAUTH_ENABLED') ?? ''),
    adminKey: value('FOCUS_ADMIN_KEY'),
  }
}

function readPort(flag: string | undefined, variable: string | undefined): number {
  const text = flag ?? variable
  if (text === undefined) return DEFAULT_PORT
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  const expected = 'expected a whole number from 0 to 65535 (0 takes any free port)'
  if (flag !== undefined) throw usageFailure(`--port: ${expected}, got ${JSON.stringify(flag)}.`)
  throw new CommandFailure('invalid_option', `PORT: ${expected}, got ${JSON.stringify(text)}.`)
}

function readGoogle(clientId: string | undefined, clientSecret: string | undefined): DevSettings['google'] {
  if (clientId !== undefined && clientSecret !== undefined) return { clientId, clientSecret }
  if (clientId === undefined && clientSecret === undefined) return null
  const [given, missing] =
    clientId === undefined ? ['GOOGLE_CLIENT_SECRET', 'GOOGLE_CLIENT_ID'] : ['GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET']
  throw new CommandFailure('invalid_option', `${given} is set and ${missing} is not: sign-in with Google needs both.`, {
    hint: `Set ${missing} too (Google Cloud Console, APIs & Services, Credentials), or unset ${given}: the development provider then stands in for Google.`,
  })
}

/**
 * Two dev servers on one database have to open the same keys, so what they share makes their secret. Good enough for
 * development, where it is used; `focus serve` wants a real one.
 */
function developmentSecret(databaseUrl: string): string {
  return createHash('sha256').update(`focus dev ${databaseUrl}`).digest('base64url')
}

function isServerDatabase(url: string | undefined): url is string {
  return url !== undefined && !url.startsWith('sqlite:')
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
}
