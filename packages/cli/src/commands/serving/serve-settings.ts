import type { FocusConfig } from '../../config/config-file.ts'
import type { Environment } from '../../terminal/context.ts'
import { CommandFailure, usageFailure } from '../../terminal/failure.ts'
import { readPort } from '../../server/port.ts'

export interface ServeFlags {
  readonly port?: string
  readonly host?: string
  readonly drain?: string
  readonly ops?: boolean
}

export interface ServeSettings {
  readonly port: number
  readonly host: string
  /** Over how long sockets are told to go elsewhere, so that the other nodes are not stormed. */
  readonly drainMs: number
  /** The operations page at `/focus`. */
  readonly ops: boolean
}

const DEFAULT_DRAIN_SECONDS = 5

/** @throws CommandFailure `usage` for a flag of the wrong form, `invalid_option` for `PORT` */
export function readServeSettings(flags: ServeFlags, env: Environment, config: FocusConfig): ServeSettings {
  return {
    port: readPort(flags.port, env.PORT, config.port),
    // Behind a reverse proxy or in a container the requests come from another machine.
    host: flags.host ?? '0.0.0.0',
    drainMs: 1000 * (flags.drain === undefined ? DEFAULT_DRAIN_SECONDS : seconds(flags.drain)),
    ops: flags.ops ?? false,
  }
}

/**
 * What production needs and nobody set, all at once: one start tells everything.
 *
 * @throws CommandFailure `half_configured`
 */
export function assertConfigured(env: Environment, config: FocusConfig): void {
  const isSet = (variable: string, option: unknown) => (env[variable] ?? '').trim() !== '' || option !== undefined
  // What is neither on nor off is not for here to judge: createFocus names it.
  const signInOff = !/^(?:|true|1|yes|on)$/i.test((env.OAUTH_ENABLED ?? '').trim()) || config.oauth?.enabled === false
  const signsInOtherwise = signInOff || (config.providers?.length ?? 0) > 0
  const needed: readonly (readonly [string, unknown])[] = [
    ['FOCUS_PUBLIC_URL', config.publicUrl],
    ['FOCUS_SECRET', config.secret],
    ['FOCUS_ADMIN_KEY', config.adminKey],
    ...(signsInOtherwise
      ? []
      : ([
          ['GOOGLE_CLIENT_ID', config.google?.clientId],
          ['GOOGLE_CLIENT_SECRET', config.google?.clientSecret],
        ] as const)),
  ]
  const missing = needed.filter(([variable, option]) => !isSet(variable, option)).map(([variable]) => variable)
  if (missing.length === 0) return
  throw new CommandFailure('half_configured', `focus serve needs settings that are missing: ${missing.join(', ')}.`, {
    hint: 'Set them in the environment, in .env or in focus.config.ts (`openssl rand -base64 48` makes secrets; OAUTH_ENABLED=False serves without sign-in). `focus dev` needs none of them.',
  })
}

function seconds(text: string): number {
  if (/^\d{1,3}$/.test(text)) return Number(text)
  throw usageFailure(`--drain: expected seconds from 0 to 999, got ${JSON.stringify(text)}.`)
}
