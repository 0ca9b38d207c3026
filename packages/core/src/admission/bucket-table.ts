import { TokenBucket } from './token-bucket.ts'

/** How many callers a table tells apart; beyond it newcomers share a bucket. */
const maxKeys = 20_000
/** The shared bucket's allowance, in allowances of one caller. */
const sharedShare = 16
/** Between two looks for buckets that have refilled. */
const pruneIntervalMs = 1_000

/**
 * One bucket for each caller, in bounded memory: a bucket that has refilled is forgotten, and when too many are in use,
 * callers without one share one. Nobody's bucket is given up for a newcomer: a crowd of addresses would be a way to a new
 * allowance.
 */
export class BucketTable {
  readonly #capacity: number
  readonly #perMs: number
  readonly #maxKeys: number
  readonly #buckets = new Map<string, TokenBucket>()
  #shared: TokenBucket | null = null
  #prunedAt = Number.NEGATIVE_INFINITY

  /** @param capacity what a caller with a share of 1 may spend at once, and again within `perMs` */
  constructor(capacity: number, perMs: number, keys = maxKeys) {
    this.#capacity = capacity
    this.#perMs = perMs
    this.#maxKeys = keys
  }

  get size(): number {
    return this.#buckets.size
  }

  /** Milliseconds until the caller can spend `cost`; 0 when it can. Remembers nothing. */
  waitMs(key: string, share: number, now: number, cost = 1): number {
    const bucket = this.#buckets.get(key)
    if (bucket !== undefined) return bucket.left(now) >= cost ? 0 : bucket.waitMs(now, cost)
    if (this.#buckets.size < this.#maxKeys) return cost <= this.#capacity * share ? 0 : this.#perMs
    this.#prune(now)
    return this.#buckets.size < this.#maxKeys ? 0 : this.#sharedBucket(now).waitMs(now, cost)
  }

  /** Takes `cost`, whatever is left. */
  spend(key: string, share: number, now: number, cost = 1): void {
    this.#bucket(key, share, now).spend(now, cost)
  }

  #bucket(key: string, share: number, now: number): TokenBucket {
    const known = this.#buckets.get(key)
    if (known !== undefined) return known
    if (this.#buckets.size >= this.#maxKeys) this.#prune(now)
    if (this.#buckets.size >= this.#maxKeys) return this.#sharedBucket(now)
    const bucket = new TokenBucket(this.#capacity * share, this.#perMs, now)
    this.#buckets.set(key, bucket)
    return bucket
  }

  #sharedBucket(now: number): TokenBucket {
    return (this.#shared ??= new TokenBucket(this.#capacity * sharedShare, this.#perMs, now))
  }

  #prune(now: number): void {
    if (now - this.#prunedAt < pruneIntervalMs) return
    this.#prunedAt = now
    for (const [key, bucket] of this.#buckets) if (bucket.full(now)) this.#buckets.delete(key)
  }
}
