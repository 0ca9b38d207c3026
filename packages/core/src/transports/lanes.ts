import type { LeasedDelivery } from './outbox.ts'

/** A delivery that is leased and not begun. */
export interface Queued {
  readonly delivery: LeasedDelivery
  /** Not tried after this moment, since its lease may be over before the attempt is. */
  readonly startBefore: number
}

/**
 * What a worker holds and has not begun. Deliveries of one lane come out one after another: the next one when the one before has
 * settled; what has no lane comes out at once.
 */
export class Lanes {
  readonly #queues = new Map<string, Queued[]>()
  readonly #ready: string[] = []
  /**
   * Lanes whose first delivery failed here, until the outbox knows: it still calls that one ours, and would hand out what comes
   * after it. True once it is written; forgotten when the next lease begins after that.
   */
  readonly #broken = new Map<string, boolean>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** False for what must not be tried before something that failed: it is to be given back. */
  add(queued: Queued): boolean {
    const { lane } = queued.delivery
    if (lane !== null && this.#broken.has(lane)) return false
    const key = keyOf(queued.delivery)
    const queue = this.#queues.get(key)
    if (queue) queue.push(queued)
    else {
      this.#queues.set(key, [queued])
      this.#ready.push(key)
    }
    this.#size += 1
    return true
  }

  /** The next that may be tried; `undefined` when none may. */
  take(): Queued | undefined {
    const key = this.#ready.shift()
    const queued = key === undefined ? undefined : this.#queues.get(key)?.shift()
    if (queued) this.#size -= 1
    return queued
  }

  /** What was taken has arrived, or never will: the next of its lane may be tried. */
  advance({ delivery }: Queued): void {
    const key = keyOf(delivery)
    if (this.#queues.get(key)?.length) this.#ready.push(key)
    else this.#queues.delete(key)
  }

  /**
   * What was taken has to be tried again first. Returns what was behind it, which is to be given back.
   *
   * @param written settles once the outbox knows; true when it does
   */
  stop({ delivery }: Queued, written: () => Promise<boolean>): Queued[] {
    const key = keyOf(delivery)
    const behind = this.#queues.get(key) ?? []
    this.#queues.delete(key)
    this.#size -= behind.length
    const { lane } = delivery
    if (lane !== null) {
      this.#broken.set(lane, false)
      void written().then((known) => this.#broken.set(lane, known))
    }
    return behind
  }

  /** A lease begins: it sees everything that was written before. */
  leaseBegins(): void {
    for (const [lane, written] of this.#broken) if (written) this.#broken.delete(lane)
  }

  /** Empties it. */
  takeAll(): Queued[] {
    const all = [...this.#queues.values()].flat()
    this.#queues.clear()
    this.#ready.length = 0
    this.#size = 0
    return all
  }
}

/** Lanes and deliveries without one never share a key, whatever a user's key may be. */
function keyOf({ id, lane }: LeasedDelivery): string {
  return lane === null ? `#${id}` : `=${lane}`
}
