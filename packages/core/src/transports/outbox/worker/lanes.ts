import type { LeasedDelivery } from '../outbox-port.ts'

/** A delivery that is leased and not begun. */
export interface Queued {
  readonly delivery: LeasedDelivery
  /** Not tried after this moment, since its lease may be over before the attempt is. */
  readonly startBefore: number
}

/** The user whose delivery it is; empty for a broadcast. */
export function userOf({ payload }: LeasedDelivery): string {
  return payload.userKey ?? ''
}

/**
 * Deliveries that a worker holds and has not begun. Users take turns. Deliveries of one lane come out one after another: the
 * next one when the one before has settled; those without a lane come out at once.
 */
export class Lanes {
  readonly #queues = new Map<string, Queued[]>()
  /** By user, the lanes whose next delivery may be tried; the user whose turn it is stands first. */
  readonly #ready = new Map<string, string[]>()
  readonly #waiting = new Map<string, number>()
  /**
   * Lanes whose first delivery failed here, until the outbox knows: it still calls that one ours, and would hand out what comes
   * after it. True once it is written; forgotten when the next lease begins after that.
   */
  readonly #broken = new Map<string, boolean>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** By user, how many deliveries wait here. */
  get waiting(): ReadonlyMap<string, number> {
    return this.#waiting
  }

  /** False for a delivery that must not be tried before another that failed: it is to be given back. */
  add(queued: Queued): boolean {
    const { delivery } = queued
    if (delivery.lane !== null && this.#broken.has(delivery.lane)) return false
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

  /** The next that may be tried, of the first user in turn who may start; `undefined` when there is none. */
  take(mayStart: (user: string) => boolean = () => true): Queued | undefined {
    for (const [user, keys] of this.#ready) {
      if (!mayStart(user)) continue
      const key = keys.shift()
      // To the end of the turns, or out of them.
      this.#ready.delete(user)
      if (keys.length > 0) this.#ready.set(user, keys)
      const queued = key === undefined ? undefined : this.#queues.get(key)?.shift()
      if (queued) this.#count(user, -1)
      return queued
    }
    return undefined
  }

  /** The delivery that was taken has arrived, or never will: the next of its lane may be tried. */
  advance({ delivery }: Queued): void {
    const key = keyOf(delivery)
    if (this.#queues.get(key)?.length) this.#readyLane(userOf(delivery), key)
    else this.#queues.delete(key)
  }

  /**
   * The delivery that was taken has to be tried again first. Returns those behind it, which are to be given back.
   *
   * @param written settles once the outbox knows; true when it does
   */
  stop({ delivery }: Queued, written: () => Promise<boolean>): Queued[] {
    const key = keyOf(delivery)
    const behind = this.#queues.get(key) ?? []
    this.#queues.delete(key)
    this.#count(userOf(delivery), -behind.length)
    const { lane } = delivery
    if (lane !== null) {
      this.#broken.set(lane, false)
      void written().then((known) => this.#broken.set(lane, known))
    }
    return behind
  }

  /** Takes a user's deliveries beyond `limit` out, the latest first. They are to be given back. */
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

  /** A lease begins: it sees everything that was written before. */
  leaseBegins(): void {
    for (const [lane, written] of this.#broken) if (written) this.#broken.delete(lane)
  }

  /** Empties it. */
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

/** Lanes and deliveries without one never share a key, whatever a user's key may be. */
function keyOf({ id, lane }: LeasedDelivery): string {
  return lane === null ? `#${id}` : `=${lane}`
}
