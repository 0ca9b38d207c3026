import type { Logger } from '../../common/logging/logger.ts'
import type { Clock } from '../../common/runtime.ts'

export interface RefreshedOptions<T> {
  /** Such as `The keys of google`; begins the warning of a load that failed. */
  readonly what: string
  readonly load: () => Promise<T>
  readonly clock: Clock
  readonly logger: Logger
  /** How long a value counts as fresh. */
  readonly freshMs: number
  /** How long a load that failed quickly is not tried again while there is no value; 0 when absent. */
  readonly pauseMs?: number
}

/** How long a value is used on after it was fresh, while no load succeeds. */
const staleMs = 24 * 3_600_000
/** Pause after a load that failed although a value is held, or that callers had to wait for. */
const retryMs = 10_000
/** A load that took this long to fail counts as a hang. */
const slowMs = 1_000
/** How often a caller that misses something in the value may have it loaded anew. */
const coolDownMs = 30_000

interface Failure {
  readonly error: unknown
  readonly retryAt: number
  /** Callers waited for it. */
  readonly slow: boolean
}

/**
 * A value of another server, loaded on first use, by one caller for all who wait. It is kept while fresh and used for a day
 * more while the server is away. A server that hangs costs one wait: until a load succeeds again, callers get the held value at
 * once and loads run behind them; without a value they get the failure, and the next load starts after a pause.
 */
export class Refreshed<T> {
  readonly #options: RefreshedOptions<T>
  #held: { readonly value: T; readonly loadedAt: number } | null = null
  #failure: Failure | null = null
  #triedAt = Number.NEGATIVE_INFINITY
  #loading: Promise<T> | null = null

  constructor(options: RefreshedOptions<T>) {
    this.#options = options
  }

  /** @throws whatever `load` threw, when no value is held that may still be used */
  async get(): Promise<T> {
    const now = this.#options.clock()
    const held = this.#held
    const failure = this.#failure
    const pausing = failure !== null && now < failure.retryAt
    const age = held === null ? Number.POSITIVE_INFINITY : now - held.loadedAt
    if (held === null || age >= this.#options.freshMs + staleMs) {
      if (pausing) throw failure.error
      return await this.#load()
    }
    if (age < this.#options.freshMs || pausing) return held.value
    const loading = this.#load().catch(() => held.value)
    return failure?.slow ? held.value : await loading
  }

  /**
   * The value for a caller that missed something in it: loaded anew, but not again within 30 seconds of the last load, so that
   * a flood of such callers costs one load.
   *
   * @param urgent loads also within that time; for callers that an attacker cannot be
   * @throws whatever `load` threw, also from a load that failed a moment ago
   */
  async renew({ urgent }: { readonly urgent: boolean }): Promise<T> {
    const now = this.#options.clock()
    if (this.#failure !== null && now < this.#failure.retryAt) throw this.#failure.error
    const recent = now - this.#triedAt < coolDownMs
    return this.#held !== null && recent && !urgent ? this.#held.value : await this.#load()
  }

  async #load(): Promise<T> {
    this.#loading ??= this.#loadOnce().finally(() => {
      this.#loading = null
    })
    return await this.#loading
  }

  async #loadOnce(): Promise<T> {
    const { load, clock, logger, what, pauseMs = 0 } = this.#options
    const startedAt = performance.now()
    try {
      const value = await load()
      this.#held = { value, loadedAt: clock() }
      this.#failure = null
      return value
    } catch (error) {
      const slow = performance.now() - startedAt >= slowMs
      this.#failure = { error, slow, retryAt: clock() + (slow || this.#held !== null ? retryMs : pauseMs) }
      if (this.#held !== null) logger.warn(`${what} could not be refreshed; the last known are used`, { error })
      throw error
    } finally {
      this.#triedAt = clock()
    }
  }
}
