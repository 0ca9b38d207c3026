import type { ConnectionMessage, GapMessage, HeartbeatMessage, NotificationMessage } from '../protocol.ts'
import type { Heads } from './inbox/marks.ts'

/** Position in the streams, as plain data. Store it, and pass it to a later client to resume from it. */
export interface Position {
  readonly epoch: string
  /** Offset in the user's own stream. */
  readonly offset: number
  /** Offset in the shared stream of broadcasts; null if unknown. */
  readonly allOffset: number | null
  /** Id of the notification at `offset`, with which the server detects a rewritten log; null if unknown. */
  readonly lastId: string | null
}

/** Tracks the position up to which events were seen, to recognise new events and to resume. */
export class PositionTracker {
  #position: Position | null

  constructor(position: Position | null = null) {
    this.#position = position
  }

  get current(): Position | null {
    return this.#position
  }

  /** Offsets up to which events were seen. */
  get heads(): Heads {
    return { user: this.#position?.offset ?? 0, all: this.#position?.allOffset ?? 0 }
  }

  forget(): void {
    this.#position = null
  }

  /** Notes an event. Returns whether it is new. Events without an offset always are. */
  accept({ epoch, offset, stream, id }: NotificationMessage): boolean {
    if (epoch === undefined || offset === undefined) return true
    const before = this.#position?.epoch === epoch ? this.#position : startOf(epoch)
    const seen = stream === 'all' ? (before.allOffset ?? 0) : before.offset
    if (offset <= seen) return false
    this.#position = stream === 'all' ? { ...before, allOffset: offset } : { ...before, offset, lastId: id ?? null }
    return true
  }

  /**
   * Takes the start of a new connection: the head of the streams, unless the connection resumes from our position.
   *
   * @returns whether events were lost, so that the inbox must be read
   */
  connected({ stream, all, resume }: ConnectionMessage): boolean {
    const before = this.#position
    if (!stream) return before !== null
    const isLost = resume?.requested === true && !resume.recovered
    if (!before || before.epoch !== stream.epoch || resume?.requested !== true) {
      this.#position = { epoch: stream.epoch, offset: stream.offset, allOffset: all?.offset ?? null, lastId: null }
      return isLost
    }
    // Never after the requested position: the events between it and the head are on their way. A lower head means that
    // the log was restored.
    this.#position = {
      epoch: before.epoch,
      offset: Math.min(before.offset, stream.offset),
      allOffset: before.allOffset === null || !all ? (all?.offset ?? null) : Math.min(before.allOffset, all.offset),
      lastId: isLost ? null : before.lastId,
    }
    return isLost
  }

  /** Takes the position of a heartbeat: all events up to it were sent or filtered out. */
  heartbeat({ epoch, offset, all }: HeartbeatMessage): void {
    if (epoch === undefined || offset === undefined) return
    this.#advance(epoch, offset, all?.offset ?? null)
  }

  /** Skips events that the server will not send. */
  gap({ to, stream }: GapMessage): void {
    const position = this.#position
    if (position) this.#advance(position.epoch, stream === 'all' ? 0 : to, stream === 'all' ? to : null)
  }

  /** Returns the position as query parameters of the connection. */
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
