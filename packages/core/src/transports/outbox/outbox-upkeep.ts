import type { Clock } from '../../common/runtime.ts'
import type { DeliveryFilter, OutboxStore } from './outbox-port.ts'

const deadRetentionMs = 30 * 86_400_000
/** Clocks of nodes may differ by this much before waits are corrected. */
const clockToleranceMs = 60_000
const purgeChunk = 1_000

/** Keeps the table of deliveries in order. */
export class OutboxUpkeep {
  readonly #store: OutboxStore
  readonly #clock: Clock
  #lastRun: number | null = null

  constructor(store: OutboxStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** Corrects waits after the clock went back, and removes deliveries that have been dead for 30 days. */
  async run(): Promise<void> {
    const now = this.#clock()
    // `rebase` reads the whole table, so it runs only when the clock went back or may have done so before the start.
    if (this.#lastRun === null || now < this.#lastRun) await this.#store.rebase(now, clockToleranceMs)
    this.#lastRun = now
    await purgeInChunks(this.#store, { state: 'dead', deadBefore: now - deadRetentionMs }, now)
  }
}

/** Removes the deliveries that match, in bounded statements. Returns how many. */
export async function purgeInChunks(
  store: Pick<OutboxStore, 'purge'>,
  filter: DeliveryFilter & { readonly deadBefore?: number },
  now: number,
): Promise<number> {
  let purged = 0
  for (;;) {
    const count = await store.purge(filter, now, purgeChunk)
    purged += count
    if (count < purgeChunk) return purged
  }
}
