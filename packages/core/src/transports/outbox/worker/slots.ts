import { LRUCache } from 'lru-cache'

const rememberedUsers = 10_000
const maxServed = 500
/** Enough that a transport with few slots does not wait for the database after each delivery. */
const minQueue = 4

export interface SlotOptions {
  /** Attempts at once. */
  readonly concurrency: number
  /** Whether each user is reached at an address of their own, which can be slow or broken for them alone. */
  readonly personal: boolean
  /** An attempt that lasts longer counts against its user like one that failed. */
  readonly slowMs: number
}

/** How an attempt ended, as far as slots are concerned. */
export interface AttemptEnd {
  /** `untried`: it says nothing of the address. */
  readonly result: 'over' | 'failed' | 'untried'
  readonly lastedMs: number
}

/**
 * Shares the slots of a transport among users, so that none of them takes the last one (S40). Where addresses are personal, a
 * user has at most a quarter of the slots, and one while their address is troubled: its last attempt failed or was slow. All
 * troubled users together have at most half of the slots. With one slot there is nothing to share; turns are still fair.
 */
export class Slots {
  readonly #concurrency: number
  readonly #personal: boolean
  readonly #slowMs: number
  readonly #active = new Map<string, number>()
  readonly #troubled = new LRUCache<string, true>({ max: rememberedUsers })
  /** Users who had their turn in this round. */
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

  /** How many deliveries of a user may wait in memory. */
  queueLimit(user: string): number {
    return this.isTroubled(user) ? 1 : Math.max(minQueue, this.#concurrency)
  }

  /**
   * Decides for one lease, row by row, which of the due deliveries may wait in memory, so that there is room for those of others.
   * Users take turns in rounds: nobody gets a second turn while somebody else with a due delivery has had none.
   *
   * @param waiting by user, how many wait there already
   * @param capacity how many may wait there in all; troubled users have a quarter of it together
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

  /** Users who had their turn in this round: a lease passes them over. Beyond a few hundred the next round begins. */
  get served(): readonly string[] {
    if (this.#served.size > maxServed) this.#served.clear()
    return [...this.#served]
  }

  /** Everybody who was found has had a turn. */
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
