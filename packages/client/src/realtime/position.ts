import type { ConnectionMessage, GapMessage, HeartbeatMessage, NotificationMessage } from '../protocol.ts'
import type { Heads } from './inbox/marks.ts'

/** A place in the streams, plain data: keep it and give it back to go on from there after a restart. */
export interface Position {
  readonly epoch: string
  /** Of the user's own stream. */
  readonly offset: number
  /** Of the shared stream of broadcasts. */
  readonly allOffset: number | null
  /** Id of the notification at `offset`, by which the server notices a log that was rewritten. */
  readonly lastId: string | null
}

/** What was seen of the streams: tells what is new from what is not, and where to resume. */
export class PositionTracker {
  #position: Position | null

  constructor(position: Position | null = null) {
    this.#position = position
  }

  get current(): Position | null {
    return this.#position
  }

  /** Up to where events were seen. */
  get heads(): Heads {
    return { user: this.#position?.offset ?? 0, all: this.#position?.allOffset ?? 0 }
  }

  forget(): void {
    this.#position = null
  }

  /** Whether this event was not seen before; from now on it was. Events without an offset always are new. */
  accept({ epoch, offset, stream, id }: NotificationMessage): boolean {
    if (epoch === undefined || offset === undefined) return true
    const before = this.#position?.epoch === epoch ? this.#position : startOf(epoch)
    const seen = stream === 'all' ? (before.allOffset ?? 0) : before.offset
    if (offset <= seen) return false
    this.#position = stream === 'all' ? { ...before, allOffset: offset } : { ...before, offset, lastId: id ?? null }
    return true
  }

  /**
   * Takes over where a new connection starts: at the head of the streams, unless it goes on from a position of ours.
   *
   * @returns whether something was lost for good, so that the inbox has to be read
   */
  connected({ stream, all, resume }: ConnectionMessage): boolean {
    const before = this.#position
    if (!stream) return before !== null
    const isLost = resume?.requested === true && !resume.recovered
    if (!before || before.epoch !== stream.epoch || resume?.requested !== true) {
      this.#position = { epoch: stream.epoch, offset: stream.offset, allOffset: all?.offset ?? null, lastId: null }
      return isLost
    }
    // Never past where we asked to go on from: what is between there and the head is on its way. A head below is the
    // mark of a log that was restored.
    this.#position = {
      epoch: before.epoch,
      offset: Math.min(before.offset, stream.offset),
      allOffset: before.allOffset === null || !all ? (all?.offset ?? null) : Math.min(before.allOffset, all.offset),
      lastId: isLost ? null : before.lastId,
    }
    return isLost
  }

  /** Everything up to here was sent, also what a filter hid. */
  heartbeat({ epoch, offset, all }: HeartbeatMessage): void {
    if (epoch === undefined || offset === undefined) return
    this.#advance(epoch, offset, all?.offset ?? null)
  }

  /** These offsets will not come. */
  gap({ to, stream }: GapMessage): void {
    const position = this.#position
    if (position) this.#advance(position.epoch, stream === 'all' ? 0 : to, stream === 'all' ? to : null)
  }

  /** What the server needs to know at connect, as query parameters. */
  query(): Record<string, string> {
    const position = this.#position
    if (!position) return {}
    return {
      epoch: position.epoch,
      offset: String(position.offset),
      ...(position.allOffset === null ? {} : { all_offset: String(position.allOffset) }),
      ...(position.lastId === null ? {} : { last_id: position.lastId }),
    }
  }

  #advance(epoch: string, offset: number, allOffset: number | null): void {
    const before = this.#position?.epoch === epoch ? this.#position : startOf(epoch)
    this.#position = {
      epoch,
      offset: Math.max(before.offset, offset),
      allOffset: allOffset === null ? before.allOffset : Math.max(before.allOffset ?? 0, allOffset),
      lastId: offset > before.offset ? null : before.lastId,
    }
  }
}

function startOf(epoch: string): Position {
  return { epoch, offset: 0, allOffset: null, lastId: null }
}
