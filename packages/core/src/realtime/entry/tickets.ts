import { z } from 'zod'
import type { Principal } from '../../auth/ports.ts'
import { FocusError } from '../../common/errors.ts'
import type { SingleUseStore } from '../../secrets/single-use-port.ts'
import type { Runtime } from '../../common/runtime.ts'
import { type OpenedSecret, SingleUseSecrets } from '../../secrets/single-use-secrets.ts'
import type { Sealer } from '../../secrets/sealer.ts'
import type { UserIdCodec } from '../../common/user-id.ts'

const contentSchema = z.object({
  userKey: z.string(),
  sessionId: z.string().nullable(),
  scopes: z.array(z.string()),
  /** End of the token or session that the ticket stands for, in milliseconds since 1970. */
  expiresAt: z.number(),
})

type Content = z.output<typeof contentSchema>

export interface TicketsDeps {
  readonly sealer: Sealer
  readonly store: SingleUseStore
  readonly runtime: Runtime
  readonly userIds: UserIdCodec
  /** Lifetime of a ticket for a WebSocket, and of one for the event stream. */
  readonly ttlMs: Readonly<Record<'websocket' | 'stream', number>>
  /** Latest end of a token's session, in milliseconds since 1970; null once the session has ended. */
  readonly sessionEndsAt: ((principal: Principal) => Promise<number | null>) | null
}

/**
 * Tickets replace access tokens in URLs, which often end up in access logs. A ticket for a WebSocket works once; one for the
 * event stream works for hours, because `EventSource` repeats its URL. Both end with their session. A ticket carries its
 * contents sealed, so issuing one stores nothing.
 */
export class Tickets {
  readonly #deps: TicketsDeps
  readonly #kinds: Readonly<Record<'websocket' | 'stream', SingleUseSecrets<Content>>>

  constructor(deps: TicketsDeps) {
    const { sealer, store, runtime } = deps
    const options = { sealer, store, clock: runtime.clock, schema: contentSchema }
    this.#deps = deps
    this.#kinds = {
      websocket: new SingleUseSecrets({ ...options, kind: 'ws_ticket' }),
      stream: new SingleUseSecrets({ ...options, kind: 'sse_ticket' }),
    }
  }

  /**
   * Issues a ticket for the user and the session of an access token.
   *
   * @throws FocusError `session_revoked`
   */
  async issue(
    principal: Principal,
    use: 'websocket' | 'stream',
  ): Promise<{ ticket: string; expiresInSeconds: number }> {
    const now = this.#deps.runtime.clock()
    const { userKey, sessionId, scopes } = principal
    let expiresAt = now + this.#deps.ttlMs[use]
    // A stream outlives the access token that it was opened with, and ends with the session.
    if (use === 'stream') expiresAt = Math.min(expiresAt, await this.#sessionEnd(principal))
    const content = {
      userKey,
      sessionId,
      scopes: [...scopes],
      expiresAt: use === 'stream' ? expiresAt : principal.expiresAt,
    }
    const ticket = this.#kinds[use].issue(content, expiresAt)
    return { ticket, expiresInSeconds: Math.max(0, Math.round((expiresAt - now) / 1_000)) }
  }

  /**
   * Verifies a ticket for a WebSocket and uses it up.
   *
   * @throws FocusError `invalid_token` for a ticket that is unknown, used or expired, `session_revoked`
   */
  async redeem(ticket: string): Promise<Principal> {
    const opened = this.#open('websocket', ticket)
    const principal = await this.#alive(opened)
    if (!(await this.#kinds.websocket.use(opened))) throw unknownTicket()
    return principal
  }

  /**
   * Verifies a ticket of the event stream, which stays usable.
   *
   * @throws FocusError `invalid_token` for a ticket that is unknown or expired, `session_revoked`
   */
  async peek(ticket: string): Promise<Principal> {
    return this.#alive(this.#open('stream', ticket))
  }

  #open(use: 'websocket' | 'stream', ticket: string): OpenedSecret<Content> {
    const opened = this.#kinds[use].open(ticket)
    if (!opened || opened.expired) throw unknownTicket()
    return opened
  }

  /** Checks that the session has not ended since the ticket was issued (S37). */
  async #alive({ content }: OpenedSecret<Content>): Promise<Principal> {
    const principal = { ...content, userId: this.#deps.userIds.fromKey(content.userKey) }
    await this.#sessionEnd(principal)
    return principal
  }

  async #sessionEnd(principal: Principal): Promise<number> {
    const { sessionEndsAt } = this.#deps
    const end = sessionEndsAt === null ? principal.expiresAt : await sessionEndsAt(principal)
    if (end !== null) return end
    throw new FocusError('session_revoked', 'The session of the ticket has ended.', { hint: 'Sign in again.' })
  }
}

function unknownTicket(): FocusError {
  return new FocusError('invalid_token', 'The ticket is unknown, used or expired.', {
    hint: 'Get a new one with POST /ws/ticket.',
  })
}
