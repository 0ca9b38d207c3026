import type { StreamHead } from '../../notifications/ports.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { Connection } from '../connections/connection.ts'

/** What this node knows of one stream: a user's own, or the shared one of broadcasts. */
export class Stream {
  /** The owner; null for the shared stream. */
  readonly userKey: UserKey | null
  /** Local connections that follow the stream. */
  connections: Connection[] = []
  /** Settled once the broker tells this node of the stream; null when it does. */
  ready: Promise<void> | null = null
  /** Highest offset that this node heard of. */
  latest = 0
  stateRev = 0
  /** The latest `state` that local connections were told of; the head may be ahead of it. */
  toldStateRev = 0
  /** When the last connection left, on the monotonic clock. */
  emptySince = 0

  constructor(userKey: UserKey | null) {
    this.userKey = userKey
  }

  learn(head: StreamHead): void {
    this.latest = Math.max(this.latest, head.offset)
    this.stateRev = Math.max(this.stateRev, head.stateRev)
  }

  /** After a restore the log may be behind what was heard of it. */
  forget(): void {
    this.latest = 0
    this.stateRev = 0
    this.toldStateRev = 0
  }
}

/** A connection's place in a stream: everything up to `position` that concerns it was written to it. */
export class Cursor {
  readonly stream: Stream
  readonly epoch: string
  position: number
  /** Events up to here are older than the connection and travel with `replayed`. */
  replayUpTo: number

  constructor(stream: Stream, epoch: string, position: number, replayUpTo: number) {
    this.stream = stream
    this.epoch = epoch
    this.position = position
    this.replayUpTo = replayUpTo
  }

  get lag(): number {
    return Math.max(0, this.stream.latest - this.position)
  }
}
