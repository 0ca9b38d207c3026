import type { Logger } from '../../common/logging/logger.ts'
import type { Clock } from '../../common/runtime.ts'

export interface RemoteValueOptions<T> {
  /** Subject of the warning about a failed load, such as `The keys of google`. */
  readonly what: string
  readonly load: () => Promise<T>
  readonly clock: Clock
  readonly logger: Logger
  /** How long a value counts as fresh. */
  readonly freshMs: number
  /** Pause after a load that failed quickly while no value is held; 0 when absent. */
  readonly pauseMs?: number
}

/** How long an outdated value is still used while no load succeeds. */
const staleMs = 24 * 3_600_000
/** Pause after a failed load that was slow, or while a value is held. */
const retryMs = 10_000
/** A load that takes this long to fail counts as slow. */
const slowMs = 1_000
/** Least time between two loads that callers of `renew` cause, unless urgent. */
const coolDownMs = 30_000

interface Failure {
  readonly error: unknown
  readonly retryAt: number
  /** Whether callers waited noticeably for the failed load. */
  readonly slow: boolean
}

/**
 * A value of another server, loaded on first use; concurrent callers share one load. The value is kept while fresh, and used
 * for one more day while the server is unreachable. A server that hangs costs one wait: until a load succeeds again, callers
 * get the held value immediately and loads run in the background. Without a held value, callers get the failure, and the next load
 * starts after a pause.
 */
export class RemoteValue<T> {
  readonly #options: RemoteValueOptions<T>
  #held: { readonly value: T; readonly loadedAt: number } | null = null
  #failure: Failure | null = null
  #triedAt = Number.NEGATIVE_INFINITY
  #loading: Promise<T> | null = null

  constructor(options: RemoteValueOptions<T>) {
    this.#options = options
  }

  /**
   * Returns the value, loaded when necessary.
   *
   * @throws the error of `load` when no usable value is held
   */
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
   * Loads the value again for a caller that missed something in it, at most once in 30 seconds, so that a flood of such callers
   * costs one load.
   *
   * @param urgent loads also within that time; only for callers that cannot be an attacker
   * @throws the error of `load`, also that of a recent load
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
      if (this.#held !== null) logger.warn(`${what} could not be refreshed; the last known value is used`, { error })
      throw error
    } finally {
      this.#triedAt = clock()
    }
  }
}
