import type { LeasedDelivery } from '../outbox-port.ts'

/** A leased delivery that waits for its attempt. */
export interface Queued {
  readonly delivery: LeasedDelivery
  /** No attempt starts after this time, because the lease may run out during it. */
  readonly startBefore: number
}

/** Returns the user of a delivery; empty for a broadcast. */
export function userOf({ payload }: LeasedDelivery): string {
  return payload.userKey ?? ''
}

/**
 * The leased deliveries of a worker that wait for their attempts. Users take turns. Deliveries of one lane are taken in order, each
 * after the previous one has ended; deliveries without a lane are independent.
 */
export class Lanes {
  readonly #queues = new Map<string, Queued[]>()
  /** By user, the lanes whose next delivery may be taken. The user whose turn it is comes first. */
  readonly #ready = new Map<string, string[]>()
  readonly #waiting = new Map<string, number>()
  /**
   * Lanes whose first delivery failed. Until the failure is in the outbox, that delivery still counts as leased by this worker, and
   * a lease could return the deliveries behind it. True once it is written; removed at the next lease after that.
   */
  readonly #blocked = new Map<string, boolean>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The number of waiting deliveries by user. */
  get waiting(): ReadonlyMap<string, number> {
    return this.#waiting
  }

  /** Returns false for a delivery behind one that failed; the caller must release it. */
  add(queued: Queued): boolean {
    const { delivery } = queued
    if (delivery.lane !== null && this.#blocked.has(delivery.lane)) return false
    const key = keyOf(delivery)
    const queue = this.#queues.get(key)
    if (queue) queue.push(queued)
    else {
      this.#queues.set(key, [queued])
      this.#readyLane(userOf(delivery), key)
    }
    this.#count(userOf(delivery), 1)
    return true
  }

  /** Takes the next delivery of the first user, by turns, who may start; undefined when there is none. */
  take(mayStart: (user: string) => boolean = () => true): Queued | undefined {
    for (const [user, keys] of this.#ready) {
      if (!mayStart(user)) continue
      const key = keys.shift()
      // Move the user to the end of the turns, or remove them.
      this.#ready.delete(user)
      if (keys.length > 0) this.#ready.set(user, keys)
      const queued = key === undefined ? undefined : this.#queues.get(key)?.shift()
      if (queued) this.#count(user, -1)
      return queued
    }
    return undefined
  }

  /** Lets the next delivery of a lane be taken, because the one before has ended. */
  advance({ delivery }: Queued): void {
    const key = keyOf(delivery)
    if (this.#queues.get(key)?.length) this.#readyLane(userOf(delivery), key)
    else this.#queues.delete(key)
  }

  /**
   * Blocks the lane of a delivery that must be tried again first. Returns the deliveries behind it; the caller must release them.
   *
   * @param written resolves once the failure is in the outbox, with true if it is
   */
  block({ delivery }: Queued, written: () => Promise<boolean>): Queued[] {
    const key = keyOf(delivery)
    const behind = this.#queues.get(key) ?? []
    this.#queues.delete(key)
    this.#count(userOf(delivery), -behind.length)
    const { lane } = delivery
    if (lane !== null) {
      this.#blocked.set(lane, false)
      void written().then((known) => this.#blocked.set(lane, known))
    }
    return behind
  }

  /** Removes and returns a user's deliveries beyond `limit`, the latest first; the caller must release them. */
  trim(user: string, limit: number): Queued[] {
    const out: Queued[] = []
    for (const key of [...(this.#ready.get(user) ?? [])].toReversed()) {
      const queue = this.#queues.get(key) ?? []
      while (queue.length > 0 && (this.#waiting.get(user) ?? 0) > limit) {
        const last = queue.pop()
        if (last) out.push(last)
        this.#count(user, -1)
      }
      if (queue.length > 0) break
      this.#queues.delete(key)
      const rest = this.#ready.get(user)?.filter((other) => other !== key) ?? []
      if (rest.length > 0) this.#ready.set(user, rest)
      else this.#ready.delete(user)
    }
    return out
  }

  /** Unblocks the lanes whose failure is in the outbox, because the next lease sees it. */
  leaseStarts(): void {
    for (const [lane, written] of this.#blocked) if (written) this.#blocked.delete(lane)
  }

  /** Removes and returns everything. */
  takeAll(): Queued[] {
    const all = [...this.#queues.values()].flat()
    this.#queues.clear()
    this.#ready.clear()
    this.#waiting.clear()
    this.#size = 0
    return all
  }

  #readyLane(user: string, key: string): void {
    const keys = this.#ready.get(user)
    if (keys) keys.push(key)
    else this.#ready.set(user, [key])
  }

  #count(user: string, change: number): void {
    this.#size += change
    const waiting = (this.#waiting.get(user) ?? 0) + change
    if (waiting > 0) this.#waiting.set(user, waiting)
    else this.#waiting.delete(user)
  }
}

/** Returns the key of a queue. A lane and a delivery without a lane never share one. */
function keyOf({ id, lane }: LeasedDelivery): string {
  return lane === null ? `#${id}` : `=${lane}`
}
