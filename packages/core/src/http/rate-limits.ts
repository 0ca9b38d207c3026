import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { networkOf } from '../client-address.ts'
import { FocusError } from '../errors.ts'
import { isLoopbackHost } from '../origin-policy.ts'

/** What one client address may do in a minute (S27). */
export const requestsPerMinute = {
  /** `GET /auth/{provider}`, `POST /auth/{provider}/nonce` and `…/link` */
  start: 60,
  /** `GET /auth/{provider}/callback` */
  callback: 60,
  /** `POST /auth/refresh` */
  refresh: 120,
  /** `POST /auth/token` and `POST /auth/{provider}/id_token` */
  redeem: 60,
  /** `POST /ws/ticket`; upgrades have a limit of their own, in the hub */
  ticket: 120,
} as const

export type LimitedAction = keyof typeof requestsPerMinute

export interface RateLimitOptions {
  readonly enabled: boolean
  /** Clients on this machine go free: for development, where every client is one. */
  readonly exemptLoopback: boolean
  /** Instead of `requestsPerMinute`. */
  readonly perMinute?: Partial<Record<LimitedAction, number>>
}

/**
 * Counts what each client address does, per process. An address that the host did not tell is not counted, since all such
 * clients would share one allowance.
 */
export class RateLimits {
  readonly #options: RateLimitOptions
  readonly #limiters: ReadonlyMap<LimitedAction, RateLimiterMemory>

  /** @throws FocusError `invalid_option` for a limit that does not exist or is not a positive whole number */
  constructor(options: RateLimitOptions) {
    this.#options = options
    const limits = { ...requestsPerMinute, ...checked(options.perMinute ?? {}) }
    const actions = Object.keys(requestsPerMinute) as LimitedAction[]
    this.#limiters = new Map(
      actions.map((action) => [action, new RateLimiterMemory({ points: limits[action], duration: 60 })]),
    )
  }

  /** @throws FocusError `rate_limited`, with the seconds to wait */
  async check(action: LimitedAction, clientAddress: string | null): Promise<void> {
    if (!this.#options.enabled || clientAddress === null) return
    if (this.#options.exemptLoopback && isLoopbackHost(clientAddress.replace(/^::ffff:/i, ''))) return
    try {
      await this.#limiters.get(action)?.consume(networkOf(clientAddress))
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error
      throw new FocusError('rate_limited', 'Too many requests from this address.', {
        hint: 'Wait as long as Retry-After says.',
        retryAfterSeconds: Math.max(1, Math.ceil(error.msBeforeNext / 1_000)),
      })
    }
  }
}

function checked(perMinute: object): Partial<Record<LimitedAction, number>> {
  for (const [action, limit] of Object.entries(perMinute)) {
    if (Object.hasOwn(requestsPerMinute, action) && Number.isSafeInteger(limit) && limit >= 1) continue
    throw new FocusError('invalid_option', `rateLimits.perMinute.${action}: expected a limit of 1 or more requests.`, {
      hint: `Limits: ${Object.keys(requestsPerMinute).join(', ')}; rateLimits: false switches them off.`,
    })
  }
  return perMinute
}
