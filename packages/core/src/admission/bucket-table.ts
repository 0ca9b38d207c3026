import { TokenBucket } from './token-bucket.ts'

/** Callers with a bucket of their own; further ones share one bucket. */
const maxKeys = 20_000
/** Size of the shared bucket, in buckets of one caller. */
const sharedShare = 16
/** Minimum time between two searches for full buckets. */
const pruneIntervalMs = 1_000

/**
 * One bucket for each caller, in bounded memory. Full buckets are forgotten; when too many are in use, new callers share
 * one bucket. No bucket in use is evicted for a new caller, since a crowd of addresses could otherwise renew an allowance.
 */
export class BucketTable {
  readonly #capacity: number
  readonly #perMs: number
  readonly #maxKeys: number
  readonly #buckets = new Map<string, TokenBucket>()
  #shared: TokenBucket | null = null
  #prunedAt = Number.NEGATIVE_INFINITY

  /** @param capacity units that a caller with a share of 1 may spend at once, and again within `perMs` milliseconds */
  constructor(capacity: number, perMs: number, keys = maxKeys) {
    this.#capacity = capacity
    this.#perMs = perMs
    this.#maxKeys = keys
  }

  get size(): number {
    return this.#buckets.size
  }

  /** Returns the milliseconds until the caller can spend `cost`; 0 if it can now. Changes nothing. */
  waitMs(key: string, share: number, now: number, cost = 1): number {
    const bucket = this.#buckets.get(key)
    if (bucket !== undefined) return bucket.left(now) >= cost ? 0 : bucket.waitMs(now, cost)
    if (this.#buckets.size < this.#maxKeys) return cost <= this.#capacity * share ? 0 : this.#perMs
    this.#prune(now)
    return this.#buckets.size < this.#maxKeys ? 0 : this.#sharedBucket(now).waitMs(now, cost)
  }

  /** Takes `cost`, even if less is left. */
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
