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
  /** When what the ticket stands for ends. */
  expiresAt: z.number(),
})

type Content = z.output<typeof contentSchema>

export interface TicketsDeps {
  readonly sealer: Sealer
  readonly store: SingleUseStore
  readonly runtime: Runtime
  readonly userIds: UserIdCodec
  /** Life of a ticket for a WebSocket, and of one for the event stream. */
  readonly ttlMs: Readonly<Record<'websocket' | 'stream', number>>
  /** When what a token stands for ends at the latest, in milliseconds since 1970; null once its session ended. */
  readonly sessionEndsAt: ((principal: Principal) => Promise<number | null>) | null
}

/**
 * Short-lived stand-ins for an access token in a URL, where a token would end up in logs. One for a WebSocket works once; one
 * for the event stream works for hours, because `EventSource` repeats its URL. Both end with their session. They carry what
 * they stand for, sealed: making one stores nothing, however many are made.
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

  /** @throws FocusError `session_revoked` */
  async issue(
    principal: Principal,
    use: 'websocket' | 'stream',
  ): Promise<{ ticket: string; expiresInSeconds: number }> {
    const now = this.#deps.runtime.clock()
    const { userKey, sessionId, scopes } = principal
    let expiresAt = now + this.#deps.ttlMs[use]
    // The stream goes on beyond the access token, whose life is shorter than that of its session.
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

  /** @throws FocusError `invalid_token` for a ticket that is unknown, used or expired, `session_revoked` */
  async redeem(ticket: string): Promise<Principal> {
    const opened = this.#open('websocket', ticket)
    const principal = await this.#alive(opened)
    if (!(await this.#kinds.websocket.use(opened))) throw unknownTicket()
    return principal
  }

  /** The same for a ticket of the event stream, which stays usable. */
  async peek(ticket: string): Promise<Principal> {
    return this.#alive(this.#open('stream', ticket))
  }

  #open(use: 'websocket' | 'stream', ticket: string): OpenedSecret<Content> {
    const opened = this.#kinds[use].open(ticket)
    if (!opened || opened.expired) throw unknownTicket()
    return opened
  }

  /** A ticket outlives what it stands for: its session may have ended since (S37). */
  async #alive({ content }: OpenedSecret<Content>): Promise<Principal> {
    const principal = { ...content, userId: this.#deps.userIds.fromKey(content.userKey) }
    await this.#sessionEnd(principal)
    return principal
  }

  async #sessionEnd(principal: Principal): Promise<number> {
    const { sessionEndsAt } = this.#deps
    const end = sessionEndsAt === null ? principal.expiresAt : await sessionEndsAt(principal)
    if (end !== null) return end
    throw new FocusError('session_revoked', 'The session of the ticket has ended', { hint: 'Sign in again.' })
  }
}

function unknownTicket(): FocusError {
  return new FocusError('invalid_token', 'The ticket is unknown, used or expired', {
    hint: 'Get a new one with POST /ws/ticket.',
  })
}
