import type { StreamHead } from '../../notifications/ports.ts'
import type { UserKey } from '../../common/user-id.ts'

/** This node's knowledge of one stream: a user's own, or the shared one of broadcasts. */
export class Stream<Owner extends UserKey | null = UserKey | null> {
  /** The owner; null for the shared stream. */
  readonly userKey: Owner
  /** Highest offset that this node knows of. */
  latest = 0
  stateRev = 0
  /** Revision of the last `state` that was sent to local connections; the head may be ahead of it. */
  sentStateRev = 0

  constructor(userKey: Owner) {
    this.userKey = userKey
  }

  /** Takes over a head that was read from the log. Positions never move backwards here. */
  advance(head: StreamHead): void {
    this.latest = Math.max(this.latest, head.offset)
    this.stateRev = Math.max(this.stateRev, head.stateRev)
  }

  /** Discards what is known: a restored log may be behind it. */
  reset(): void {
    this.latest = 0
    this.stateRev = 0
    this.sentStateRev = 0
  }
}

/** A connection's place in a stream: every event up to `position` that the connection wants was written to it. */
export class Cursor {
  readonly stream: Stream
  readonly epoch: string
  position: number
  /** Events up to this offset are older than the connection and carry `replayed`. */
  replayUpTo: number

  constructor(stream: Stream, epoch: string, position: number, replayUpTo: number) {
    this.stream = stream
    this.epoch = epoch
    this.position = position
    this.replayUpTo = replayUpTo
  }

  /** Events between this position and the newest one that this node knows of. */
  get lag(): number {
    return Math.max(0, this.stream.latest - this.position)
  }
}
