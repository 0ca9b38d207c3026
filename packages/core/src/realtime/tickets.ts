import { z } from 'zod'
import type { Principal } from '../auth/types.ts'
import { FocusError } from '../errors.ts'
import type { OneTimeStore } from '../one-time.ts'
import type { Runtime } from '../runtime.ts'
import type { UserIdCodec } from '../user-id.ts'

const payloadSchema = z.object({
  userKey: z.string(),
  sessionId: z.string().nullable(),
  scopes: z.array(z.string()),
  expiresAt: z.number(),
})

export interface TicketsDeps {
  readonly store: OneTimeStore
  readonly runtime: Runtime
  readonly userIds: UserIdCodec
  readonly ttlMs: number
  /** When what a token stands for ends at the latest, in milliseconds since 1970; null once its session ended. */
  readonly sessionEndsAt: ((principal: Principal) => Promise<number | null>) | null
}

/**
 * Short-lived stand-ins for an access token in a URL, where a token would end up in logs. One for a WebSocket works once;
 * one for the event stream works as long as the session, because `EventSource` repeats its URL.
 */
export class Tickets {
  readonly #deps: TicketsDeps

  constructor(deps: TicketsDeps) {
    this.#deps = deps
  }

  async issue(
    principal: Principal,
    use: 'websocket' | 'stream',
  ): Promise<{ ticket: string; expiresInSeconds: number }> {
    const { runtime, store, ttlMs } = this.#deps
    const ticket = Buffer.from(runtime.random(32)).toString('base64url')
    const now = runtime.clock()
    const streamEnd = use === 'stream' ? await this.#sessionEnd(principal) : null
    const expiresAt = streamEnd ?? now + ttlMs
    await store.put(
      kindOf(use),
      ticket,
      {
        userKey: principal.userKey,
        sessionId: principal.sessionId,
        scopes: [...principal.scopes],
        expiresAt: streamEnd ?? principal.expiresAt,
      },
      expiresAt,
    )
    return { ticket, expiresInSeconds: Math.max(0, Math.round((expiresAt - now) / 1_000)) }
  }

  /** @throws FocusError `invalid_token` for a ticket that is unknown, used or expired, `session_revoked` */
  async redeem(ticket: string): Promise<Principal> {
    return this.#alive(await this.#deps.store.take(kindOf('websocket'), ticket))
  }

  /** The same for a ticket of the event stream, which stays usable. */
  async peek(ticket: string): Promise<Principal> {
    return this.#alive(await this.#deps.store.peek(kindOf('stream'), ticket))
  }

  /** A ticket outlives what it stands for: its session may have ended since. */
  async #alive(payload: unknown): Promise<Principal> {
    const principal = this.#principal(payload)
    if ((await this.#sessionEnd(principal)) === null) {
      throw new FocusError('session_revoked', 'The session of the ticket has ended', { hint: 'Sign in again.' })
    }
    return principal
  }

  async #sessionEnd(principal: Principal): Promise<number | null> {
    return this.#deps.sessionEndsAt === null ? principal.expiresAt : this.#deps.sessionEndsAt(principal)
  }

  #principal(payload: unknown): Principal {
    const parsed = payloadSchema.safeParse(payload)
    if (!parsed.success) {
      throw new FocusError('invalid_token', 'The ticket is unknown, used or expired', {
        hint: 'Get a new one with POST /ws/ticket; it lives for seconds and works once.',
      })
    }
    return { ...parsed.data, userId: this.#deps.userIds.fromKey(parsed.data.userKey) }
  }
}

function kindOf(use: 'websocket' | 'stream'): string {
  return use === 'websocket' ? 'ws_ticket' : 'sse_ticket'
}
