import type { InboxChange } from '../events.ts'
import type { FocusNotification } from '../notification.ts'

/** Offsets in both streams. */
export interface Heads {
  readonly user: number
  readonly all: number
}

/** Heads and revision of the streams at the time of an answer. */
export interface Knowledge extends Heads {
  readonly stateRev: number
}

export const startOfStreams: Knowledge = { user: 0, all: 0, stateRev: 0 }

interface Mark extends Heads {
  /** Offset of the shown version. */
  readonly shown: number
  /** ISO 8601. */
  readonly at: string
}

/** More than a user reads or deletes while an answer is on its way. */
const maxMarks = 2_000

/**
 * Reads and deletions of this page. They are applied to stale answers and late notifications. A later version of a merged
 * notification is new again.
 */
export class Marks {
  readonly #read = new Map<string, Mark>()
  readonly #deleted = new Map<string, Mark>()

  /**
   * @param heads heads of the streams at the change; later events are not affected
   * @param shownOffset returns the offset of the shown version, 0 without one
   */
  note({ ids, state }: InboxChange, heads: Heads, shownOffset: (id: string) => number): void {
    const marks = state === 'read' ? this.#read : this.#deleted
    const at = new Date().toISOString()
    for (const id of ids) {
      marks.delete(id)
      marks.set(id, { ...heads, shown: shownOffset(id), at })
    }
    for (const id of marks.keys()) {
      if (marks.size <= maxMarks) break
      marks.delete(id)
    }
  }

  /** Removes the marks of a change that the server refused. */
  withdraw({ ids, state }: InboxChange): void {
    for (const id of ids) (state === 'read' ? this.#read : this.#deleted).delete(id)
  }

  clear(): void {
    this.#read.clear()
    this.#deleted.clear()
  }

  /** Returns the notifications after the noted reads and deletions. */
  apply(notifications: readonly FocusNotification[]): FocusNotification[] {
    return notifications.flatMap((notification) => {
      if (covers(this.#deleted.get(notification.id), notification)) return []
      const read = this.#read.get(notification.id)
      return notification.readAt === null && covers(read, notification)
        ? [{ ...notification, readAt: read.at }]
        : [notification]
    })
  }
}

function covers(mark: Mark | undefined, { stream, offset }: FocusNotification): mark is Mark {
  return mark !== undefined && (offset ?? 0) <= Math.max(mark[stream], mark.shown)
}
