import type { InboxChange } from '../events.ts'
import type { FocusNotification } from '../notification.ts'

/** How far in both streams something is known. */
export interface Heads {
  readonly user: number
  readonly all: number
}

/** Heads and revision of the streams when the server answered. */
export interface Knowledge extends Heads {
  readonly stateRev: number
}

export const nothing: Knowledge = { user: 0, all: 0, stateRev: 0 }

interface Mark extends Heads {
  /** Offset of the version that was shown. */
  readonly shown: number
  /** ISO 8601. */
  readonly at: string
}

/** More than anybody reads or deletes while an answer is on its way. */
const keptAtMost = 2_000

/**
 * Remembers reads and deletions, so that a stale answer, or a notification that arrives late, brings nothing back. A later version of a notification, which others were merged into, is new again.
 */
export class Marks {
  readonly #read = new Map<string, Mark>()
  readonly #deleted = new Map<string, Mark>()

  /**
   * @param heads events beyond them came after the change
   * @param shownOffset of the version that is shown, if one is
   */
  note({ ids, state }: InboxChange, heads: Heads, shownOffset: (id: string) => number): void {
    const marks = state === 'read' ? this.#read : this.#deleted
    const at = new Date().toISOString()
    for (const id of ids) {
      marks.delete(id)
      marks.set(id, { ...heads, shown: shownOffset(id), at })
    }
    for (const id of marks.keys()) {
      if (marks.size <= keptAtMost) break
      marks.delete(id)
    }
  }

  /** The change did not happen: from now on the server's answers say how it is. */
  withdraw({ ids, state }: InboxChange): void {
    for (const id of ids) (state === 'read' ? this.#read : this.#deleted).delete(id)
  }

  clear(): void {
    this.#read.clear()
    this.#deleted.clear()
  }

  /** The notifications as they are by now. */
  applied(notifications: readonly FocusNotification[]): FocusNotification[] {
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
