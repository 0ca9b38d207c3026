import type { Logger } from '../../../common/logging/logger.ts'
import type { Clock } from '../../../common/runtime.ts'
import type { DeadDelivery, OutboxStore, Reschedule } from '../outbox-port.ts'

const retryMs = 1_000
/** How often a flush tries before it gives up. */
const flushAttempts = 5

/** Writes that wait, by kind. */
class Pending {
  readonly prolonged: Array<{ readonly id: number; readonly until: number }> = []
  readonly completed: number[] = []
  readonly rescheduled: Reschedule[] = []
  readonly dead: DeadDelivery[] = []
  readonly released: number[] = []

  get isEmpty(): boolean {
    const lists = [this.prolonged, this.completed, this.rescheduled, this.dead, this.released]
    return lists.every((list) => list.length === 0)
  }

  addAll(other: Pending): void {
    this.prolonged.push(...other.prolonged)
    this.completed.push(...other.completed)
    this.rescheduled.push(...other.rescheduled)
    this.dead.push(...other.dead)
    this.released.push(...other.released)
  }
}

/**
 * Writes the results of one worker to the outbox. Results that come while a write is in progress are written together, so that a
 * fast transport costs one write for many rows. A failed write is tried again; if the process ends first, the leases run out and
 * those deliveries are attempted again.
 */
export class OutboxWriter {
  readonly #store: OutboxStore
  readonly #owner: string
  readonly #clock: Clock
  readonly #logger: Logger
  #pending = new Pending()
  #writing: Promise<void> | undefined
  #closed = false

  constructor(store: OutboxStore, owner: string, clock: Clock, logger: Logger) {
    this.#store = store
    this.#owner = owner
    this.#clock = clock
    this.#logger = logger
  }

  /** Removes a delivery: it was delivered, or is no longer wanted. */
  complete(id: number): void {
    this.#pending.completed.push(id)
    this.#writeSoon()
  }

  reschedule(item: Reschedule): void {
    this.#pending.rescheduled.push(item)
    this.#writeSoon()
  }

  markDead(item: DeadDelivery): void {
    this.#pending.dead.push(item)
    this.#writeSoon()
  }

  /** Extends a lease to the time `until`, because the attempt takes longer. */
  prolong(id: number, until: number): void {
    this.#pending.prolonged.push({ id, until })
    this.#writeSoon()
  }

  /** Gives back the leases of deliveries that were not attempted. */
  release(ids: readonly number[]): void {
    if (ids.length === 0) return
    this.#pending.released.push(...ids)
    this.#writeSoon()
  }

  /** Writes everything; resolves with false if several attempts failed. */
  async flush(): Promise<boolean> {
    for (let attempt = 0; attempt < flushAttempts && !this.#pending.isEmpty; attempt += 1) {
      this.#writeSoon()
      await this.#writing
    }
    await this.#writing
    return this.#pending.isEmpty
  }

  /** Flushes, and stops trying afterwards: the leases of the rest run out. */
  async close(): Promise<void> {
    await this.flush()
    this.#closed = true
  }

  #writeSoon(): void {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined
    })
  }

  async #write(): Promise<void> {
    // Collect the results of the same turn of the event loop.
    await new Promise<void>((resolve) => setImmediate(resolve))
    while (!this.#pending.isEmpty) {
      const batch = this.#pending
      this.#pending = new Pending()
      try {
        await this.#writeBatch(batch)
      } catch (error) {
        this.#pending.addAll(batch)
        this.#logger.warn('The outbox cannot be written; trying again', { error })
        await new Promise((resolve) => setTimeout(resolve, retryMs))
        return this.#retryLater()
      }
    }
  }

  async #writeBatch({ prolonged, completed, rescheduled, dead, released }: Pending): Promise<void> {
    const now = this.#clock()
    // Prolong first: a delivery of the same batch that has ended since gives up its lease afterwards.
    await this.#store.prolong(this.#owner, now, prolonged)
    await this.#store.complete(this.#owner, completed)
    await this.#store.reschedule(this.#owner, now, rescheduled)
    await this.#store.markDead(this.#owner, now, dead)
    // Release last: a failed delivery must block its lane before the deliveries behind it can be leased.
    await this.#store.release(this.#owner, now, released)
  }

  /** Leaves the rest to the next call, or to a timer. */
  #retryLater(): void {
    setTimeout(() => {
      if (!this.#closed) this.#writeSoon()
    }, retryMs).unref()
  }
}
