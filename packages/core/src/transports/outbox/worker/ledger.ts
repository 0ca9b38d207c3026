import type { Logger } from '../../../common/logging/logger.ts'
import type { Clock } from '../../../common/runtime.ts'
import type { DeadDelivery, OutboxStore, Reschedule } from '../outbox-port.ts'

const retryMs = 1_000
/** How often a flush tries before it gives up. */
const flushAttempts = 5

/**
 * What became of deliveries, on its way into the outbox. Gathered while a write is under way, so that a fast transport costs one
 * write for many rows. What cannot be written is tried again; if the process ends first, those rows are delivered once more.
 */
export class Ledger {
  readonly #store: OutboxStore
  readonly #owner: string
  readonly #clock: Clock
  readonly #logger: Logger
  #done: number[] = []
  #returned: number[] = []
  #again: Reschedule[] = []
  #dead: DeadDelivery[] = []
  #prolonged: Array<{ id: number; until: number }> = []
  #writing: Promise<void> | undefined
  #closed = false

  constructor(store: OutboxStore, owner: string, clock: Clock, logger: Logger) {
    this.#store = store
    this.#owner = owner
    this.#clock = clock
    this.#logger = logger
  }

  done(id: number): void {
    this.#done.push(id)
    this.#writeSoon()
  }

  again(item: Reschedule): void {
    this.#again.push(item)
    this.#writeSoon()
  }

  dead(item: DeadDelivery): void {
    this.#dead.push(item)
    this.#writeSoon()
  }

  /** Its attempt lasts longer than its lease. */
  prolong(id: number, until: number): void {
    this.#prolonged.push({ id, until })
    this.#writeSoon()
  }

  /** It was not tried. */
  giveBack(id: number): void {
    this.#returned.push(id)
    this.#writeSoon()
  }

  async release(ids: readonly number[]): Promise<void> {
    this.#returned.push(...ids)
    await this.flush()
  }

  /** Writes everything; false when it could not, in several attempts. */
  async flush(): Promise<boolean> {
    for (let attempt = 0; attempt < flushAttempts && !this.#isEmpty; attempt += 1) {
      this.#writeSoon()
      await this.#writing
    }
    await this.#writing
    return this.#isEmpty
  }

  /** Writes what it can; what it cannot is left to the end of the leases. */
  async close(): Promise<void> {
    await this.flush()
    this.#closed = true
  }

  get #isEmpty(): boolean {
    const lists = [this.#done, this.#returned, this.#again, this.#dead, this.#prolonged]
    return lists.every((list) => list.length === 0)
  }

  #writeSoon(): void {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined
    })
  }

  async #write(): Promise<void> {
    // What settles in the same turn is written together.
    await new Promise<void>((resolve) => setImmediate(resolve))
    while (!this.#isEmpty) {
      const [done, returned, again, dead] = [this.#done, this.#returned, this.#again, this.#dead]
      const prolonged = this.#prolonged
      this.#prolonged = []
      this.#done = []
      this.#returned = []
      this.#again = []
      this.#dead = []
      const now = this.#clock()
      try {
        // First: whatever is settled by now lets its lease go afterwards.
        await this.#store.prolong(this.#owner, now, prolonged)
        await this.#store.complete(this.#owner, done)
        await this.#store.reschedule(this.#owner, now, again)
        await this.#store.markDead(this.#owner, now, dead)
        // Last: what failed must block its lane before what comes after it is there to be taken.
        await this.#store.release(this.#owner, now, returned)
      } catch (error) {
        this.#prolonged.push(...prolonged)
        this.#done.push(...done)
        this.#returned.push(...returned)
        this.#again.push(...again)
        this.#dead.push(...dead)
        this.#logger.warn('The outbox cannot be written; it is tried again.', { error })
        await new Promise((resolve) => setTimeout(resolve, retryMs))
        return this.#giveWay()
      }
    }
  }

  /** Leaves what is left to the next call, or to a timer when none comes. */
  #giveWay(): void {
    setTimeout(() => {
      if (!this.#closed) this.#writeSoon()
    }, retryMs).unref()
  }
}
