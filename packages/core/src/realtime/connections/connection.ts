import type { Client } from '../../admission/client.ts'
import { EncodedMessage } from '../delivery/encoded-message.ts'
import type { Peer, Positioned } from '../peers/peer.ts'
import type { CloseCode } from '../protocol/close-codes.ts'
import type { ServerMessage } from '../protocol/messages.ts'
import type { ResumeRequest } from '../delivery/resume.ts'
import type { Cursor, Stream } from '../delivery/stream.ts'
import type { TokenBucket } from '../../admission/token-bucket.ts'
import { TopicFilter } from '../delivery/topic-filter.ts'

/**
 * One client: its peer, its place in the streams and its deadlines. It holds no timer and no closure; the hub moves it.
 * `...At` are milliseconds of the node's monotonic clock.
 */
export class Connection implements Positioned {
  readonly serial: number
  readonly peer: Peer
  readonly client: Client
  /** No credentials came yet. */
  waiting = false
  /** Milliseconds since 1970. */
  readonly since: number
  readonly openedAt: number

  /** Index in the hub's list and in its stream's, for removal in constant time. */
  hubIndex = -1
  streamIndex = -1

  /** The stream of the user, once authenticated. */
  stream: Stream | null = null
  sessionId: string | null = null
  /** Milliseconds since 1970. */
  authExpiresAt = Number.POSITIVE_INFINITY
  expiryNoticed = false
  /** Where the client stopped, until it has authenticated. */
  resume: ResumeRequest | null = null

  /** Set once the connection is live. */
  own: Cursor | null = null
  all: Cursor | null = null
  filter: TopicFilter = TopicFilter.everything

  /** Since when unsent bytes are above the limit; 0 while they are not. */
  laggingSince = 0
  /** Messages that arrived together with the token, while it is looked at; null when none is. */
  held: { readonly data: Buffer; readonly binary: boolean }[] | null = null

  /** The log is being read for this connection. */
  catchingUp = false
  syncing = false
  ended = false
  endedAt = 0

  nextHeartbeatAt = 0
  nextPingAt = 0
  heardAt: number
  actions: TokenBucket | null = null
  refusedActions = 0
  malformedInRow = 0
  /** Highest offset that the client said it handled. */
  acknowledged = 0

  constructor(serial: number, peer: Peer, client: Client, since: number, now: number) {
    this.serial = serial
    this.peer = peer
    this.client = client
    this.since = since
    this.openedAt = now
    this.heardAt = now
  }

  get live(): boolean {
    return this.own !== null && !this.ended
  }

  get lagging(): boolean {
    return this.laggingSince !== 0
  }

  get eventId(): string {
    return this.own === null || this.all === null ? '' : `${this.own.epoch}:${this.own.position}:${this.all.position}`
  }

  send(message: ServerMessage): void {
    this.write(new EncodedMessage(message))
  }

  write(message: EncodedMessage): void {
    if (!this.ended) this.peer.send(message, this)
  }

  /** Ends the connection; nothing is written after the goodbye. */
  end(code: CloseCode, now: number): void {
    if (this.ended) return
    this.ended = true
    this.endedAt = now
    this.peer.close(code)
  }
}
