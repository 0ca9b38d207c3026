import type { FocusConfig } from '../../config/config-file.ts'
import type { Environment } from '../../terminal/context.ts'
import { CommandFailure, usageFailure } from '../../terminal/failure.ts'
import { readPort } from '../../server/port.ts'
import { readWorkerCount } from '../../workers/worker-count.ts'

export interface ServeFlags {
  readonly port?: string
  readonly host?: string
  readonly drain?: string
  readonly ops?: boolean
  readonly workers?: string
  /** The number of this worker, from 1. Set by the primary process of `--workers`. */
  readonly worker?: string
}

export interface ServeSettings {
  readonly port: number
  readonly host: string
  /** Seconds over which sockets are asked to reconnect, so that the other nodes do not get them all at once. */
  readonly drainMs: number
  /** Whether to serve the operations page at `/focus`. */
  readonly ops: boolean
  /** Processes that serve; with 1, this process serves itself. */
  readonly workers: number
}

const DEFAULT_DRAIN_SECONDS = 5

/** @throws CommandFailure `usage` for a flag of the wrong form, `invalid_option` for `PORT` and `FOCUS_WORKERS` */
export function readServeSettings(flags: ServeFlags, env: Environment, config: FocusConfig): ServeSettings {
  return {
    port: readPort(flags.port, env.PORT, config.port),
    // Behind a reverse proxy or in a container, requests come from another machine.
    host: flags.host ?? '0.0.0.0',
    drainMs: 1000 * (flags.drain === undefined ? DEFAULT_DRAIN_SECONDS : seconds(flags.drain)),
    ops: flags.ops ?? false,
    workers: flags.worker === undefined ? readWorkerCount(flags.workers, env.FOCUS_WORKERS) : 1,
  }
}

/**
 * Throws when required settings of production are missing, and names all of them at once.
 *
 * @throws CommandFailure `half_configured`
 */
export function assertConfigured(env: Environment, config: FocusConfig): void {
  const isSet = (variable: string, option: unknown) => (env[variable] ?? '').trim() !== '' || option !== undefined
  // A value that is neither on nor off is reported by createFocus.
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
  throw new CommandFailure(
    'half_configured',
    `focus serve requires settings that are missing: ${missing.join(', ')}.`,
    {
      hint: 'Set them in the environment, in .env or in focus.config.ts (`openssl rand -base64 48` creates a secret; OAUTH_ENABLED=False serves without sign-in). `focus dev` needs no settings.',
    },
  )
}

function seconds(text: string): number {
  if (/^\d{1,3}$/.test(text)) return Number(text)
  throw usageFailure(`--drain: expected seconds from 0 to 999, got ${JSON.stringify(text)}.`)
}
