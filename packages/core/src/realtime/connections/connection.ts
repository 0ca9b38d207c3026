import type { Client } from '../../admission/client.ts'
import type { TokenBucket } from '../../admission/token-bucket.ts'
import type { UserKey } from '../../common/user-id.ts'
import { EncodedMessage } from '../delivery/encoded-message.ts'
import type { ResumeRequest } from '../delivery/resume-plan.ts'
import type { Cursor } from '../delivery/stream.ts'
import { TopicFilter } from '../delivery/topic-filter.ts'
import type { Peer, Positioned } from '../peers/peer.ts'
import type { CloseCode } from '../protocol/close-codes.ts'
import type { ServerMessage } from '../protocol/messages.ts'

/** A message that arrived before its connection was live. */
export interface HeldMessage {
  readonly data: Buffer
  readonly binary: boolean
}

/**
 * One client: its peer, its place in the streams and its deadlines. It holds no timer and no closure; the parts of the hub
 * change it. `...At` are milliseconds of the node's monotonic clock unless noted.
 */
export class Connection implements Positioned {
  readonly serial: number
  readonly peer: Peer
  readonly client: Client
  /** True until the client shows credentials. */
  withoutCredentials = false
  /** Milliseconds since 1970. */
  readonly since: number
  readonly openedAt: number

  /** Index in the registry's list and in the user's, for removal in constant time; -1 when absent from the list. */
  registryIndex = -1
  userIndex = -1

  /** Set once authenticated. */
  userKey: UserKey | null = null
  sessionId: string | null = null
  /** Milliseconds since 1970. */
  authExpiresAt = Number.POSITIVE_INFINITY
  expiryNoticed = false
  /** The position that the client asked to resume from; null once it was used. */
  resume: ResumeRequest | null = null

  /** Places in the user's stream and in the shared one; set once the connection is live. */
  own: Cursor | null = null
  all: Cursor | null = null
  filter: TopicFilter = TopicFilter.everything

  /** When unsent bytes rose above the limit; 0 while they are below. */
  laggingSince = 0
  /** Messages that arrived while the credentials are checked; null at other times. */
  heldMessages: HeldMessage[] | null = null

  /** True while the log is read for this connection. */
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
  /** Highest offset that the client acknowledged. */
  acknowledged = 0

  constructor(serial: number, peer: Peer, client: Client, since: number, now: number) {
    this.serial = serial
    this.peer = peer
    this.client = client
    this.since = since
    this.openedAt = now
    this.heardAt = now
  }

  /** Whether events are delivered to it: authenticated, placed in its streams, and not ended. */
  get live(): boolean {
    return this.own !== null && !this.ended
  }

  /** Whether the client reads too slowly; nothing is written until it has read what was sent. */
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

  /** Closes the peer; nothing is written after the goodbye. */
  end(code: CloseCode, now: number): void {
    if (this.ended) return
    this.ended = true
    this.endedAt = now
    if (this.heldMessages !== null) this.heldMessages.length = 0
    this.peer.close(code)
  }
}
