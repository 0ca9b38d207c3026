import { LRUCache } from 'lru-cache'

const rememberedUsers = 10_000
const maxServed = 500
/** Keeps a transport with few slots from waiting for the database after each delivery. */
const minQueue = 4

export interface SlotOptions {
  /** The number of attempts at the same time. */
  readonly concurrency: number
  /** Whether each user has addresses of their own, which can be slow or broken for that user alone. */
  readonly personal: boolean
  /** A longer attempt counts against its user like a failed one. */
  readonly slowMs: number
}

/** The end of an attempt. */
export interface AttemptEnd {
  /** `untried`: no attempt was made, so nothing is known about the address. */
  readonly result: 'settled' | 'failed' | 'untried'
  readonly lastedMs: number
}

/**
 * Shares the slots of a transport among users, so that no user takes all of them (S40). Where addresses are personal, a user gets at
 * most a quarter of the slots, and one slot while they are troubled: their last attempt failed or was slow. All troubled users
 * together get at most half of the slots. With one slot, users take turns.
 */
export class Slots {
  readonly #concurrency: number
  readonly #personal: boolean
  readonly #slowMs: number
  readonly #active = new Map<string, number>()
  readonly #troubled = new LRUCache<string, true>({ max: rememberedUsers })
  /** Users who had a turn in this round. */
  readonly #served = new Set<string>()
  #taken = 0

  constructor({ concurrency, personal, slowMs }: SlotOptions) {
    this.#slowMs = slowMs
    this.#concurrency = concurrency
    this.#personal = personal
  }

  mayStart(user: string): boolean {
    if (this.#taken >= this.#concurrency) return false
    if (!this.#personal) return true
    const own = this.#active.get(user) ?? 0
    if (!this.isTroubled(user)) return own < atLeastOne(this.#concurrency / 4)
    return own < 1 && this.#takenByTroubled() < atLeastOne(this.#concurrency / 2)
  }

  start(user: string): void {
    this.#taken += 1
    this.#active.set(user, (this.#active.get(user) ?? 0) + 1)
  }

  end(user: string, { result, lastedMs }: AttemptEnd): void {
    this.#taken -= 1
    const own = (this.#active.get(user) ?? 0) - 1
    if (own > 0) this.#active.set(user, own)
    else this.#active.delete(user)
    if (result === 'untried') return
    if (result === 'failed' || lastedMs > this.#slowMs) this.#troubled.set(user, true)
    else this.#troubled.delete(user)
  }

  isTroubled(user: string): boolean {
    return this.#personal && this.#troubled.has(user)
  }

  /** Returns how many deliveries of a user may wait in memory. */
  queueLimit(user: string): number {
    return this.isTroubled(user) ? 1 : Math.max(minQueue, this.#concurrency)
  }

  /**
   * Returns the decision, row by row, which due deliveries one lease may take into memory. It leaves room for other users. Users take
   * turns in rounds: no user gets a second turn before every user with a due delivery had one.
   *
   * @param waiting the number of deliveries in memory by user
   * @param capacity the number of deliveries in memory in total; all troubled users together get a quarter of it
   */
  admission(waiting: ReadonlyMap<string, number>, capacity: number): (user: string) => boolean {
    const admitted = new Map(waiting)
    let troubled = 0
    for (const [user, count] of waiting) if (this.isTroubled(user)) troubled += count
    return (user) => {
      const count = admitted.get(user) ?? 0
      if (count >= this.queueLimit(user)) return false
      if (this.isTroubled(user)) {
        if (troubled >= atLeastOne(capacity / 4)) return false
        troubled += 1
      }
      admitted.set(user, count + 1)
      this.#served.add(user)
      return true
    }
  }

  /** The users who had a turn in this round; a lease skips them. After a few hundred users the next round starts. */
  get served(): readonly string[] {
    if (this.#served.size > maxServed) this.#served.clear()
    return [...this.#served]
  }

  /** Starts the next round: every user with a due delivery had a turn. */
  newRound(): void {
    this.#served.clear()
  }

  #takenByTroubled(): number {
    let taken = 0
    for (const [user, count] of this.#active) if (this.isTroubled(user)) taken += count
    return taken
  }
}

function atLeastOne(count: number): number {
  return Math.max(1, Math.floor(count))
}
