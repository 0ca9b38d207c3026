import { backoffMs } from '../../backoff.ts'
import type { Knowledge } from './marks.ts'
import type { NotificationList } from './notification-list.ts'

/** The list that is kept up to date, and whether the connection is open. */
export interface SyncedInbox {
  readonly list: NotificationList
  readonly isConnected: boolean
}

/** Decides when the list and the unread count are read from the server again. Reads are delayed and combined. */
export class InboxSync {
  readonly #inbox: SyncedInbox
  readonly #isBehind: (knowledge: Knowledge) => boolean
  readonly #readCount: () => void
  #resyncTimer: ReturnType<typeof setTimeout> | undefined
  #recountTimer: ReturnType<typeof setTimeout> | undefined
  /** Failed loads in a row. */
  #failures = 0

  /**
   * @param isBehind returns whether events may be missing between an answer of the inbox and the start of the connection
   * @param readCount reads the unread count from the server
   */
  constructor(inbox: SyncedInbox, isBehind: (knowledge: Knowledge) => boolean, readCount: () => void) {
    this.#inbox = inbox
    this.#isBehind = isBehind
    this.#readCount = readCount
  }

  /** Cancels the planned reads. */
  stop(): void {
    this.#resyncTimer = clearTimeout(this.#resyncTimer) as undefined
    this.#recountTimer = clearTimeout(this.#recountTimer) as undefined
  }

  /** Plans to read the list, or the count if the list is not used. The delay is random: all clients do this after a restart. */
  resync(waitMs = 0): void {
    this.#resyncTimer ??= setTimeout(() => {
      this.#resyncTimer = undefined
      if (this.#inbox.list.isUsed) void this.#inbox.list.reload()
      else this.recount()
    }, waitMs + spreadMs())
  }

  /** Plans to read the unread count. */
  recount(): void {
    this.#recountTimer ??= setTimeout(() => {
      this.#recountTimer = undefined
      this.#readCount()
    }, spreadMs())
  }

  /** Notes the result of a load. A failed one is repeated while the connection is open, else by the next connection. */
  loaded(isLoaded: boolean): void {
    if (!isLoaded && this.#inbox.isConnected) this.resync(backoffMs(this.#failures))
    this.#failures = isLoaded ? 0 : this.#failures + 1
    this.compare()
  }

  /** Plans a read if the list is missing, or if events may be missing between its first page and the connection. */
  compare(): void {
    const { isMissing, knowledge } = this.#inbox.list
    if (this.#inbox.isConnected && (isMissing || (knowledge && this.#isBehind(knowledge)))) this.resync()
  }
}

function spreadMs(): number {
  return 50 + Math.random() * 200
}
