import type { Clock, Logger } from '../../runtime.ts'

/** How long metadata counts as fresh. */
const freshMs = 3_600_000
/** How long metadata may be used on when the provider does not answer. */
const staleMs = 24 * 3_600_000
/** While the provider is away and stale metadata serves, how long until it is asked again. */
const retryMs = 10_000

/**
 * One lazily loaded value: loaded on first use, by one caller for all who wait; kept while fresh; used on for a day when
 * the next load fails. A failure is never kept, so that a provider that comes back is back at once.
 */
export class LazyMetadata<T> {
  readonly #load: () => Promise<T>
  readonly #clock: Clock
  readonly #logger: Logger
  #current: { readonly value: T; readonly loadedAt: number } | null = null
  #retryAt = 0
  #loading: Promise<T> | null = null

  constructor(load: () => Promise<T>, clock: Clock, logger: Logger) {
    this.#load = load
    this.#clock = clock
    this.#logger = logger
  }

  async get(): Promise<T> {
    const now = this.#clock()
    const current = this.#current
    if (current && (now - current.loadedAt < freshMs || now < this.#retryAt)) return current.value
    this.#loading ??= this.#reload().finally(() => {
      this.#loading = null
    })
    if (!current || now - current.loadedAt >= freshMs + staleMs) return await this.#loading
    return await this.#loading.catch((error: unknown) => {
      this.#retryAt = this.#clock() + retryMs
      this.#logger.warn('Provider metadata could not be refreshed; the last known is used', {
        error: error instanceof Error ? error.message : 'unknown',
      })
      return current.value
    })
  }

  async #reload(): Promise<T> {
    const value = await this.#load()
    this.#current = { value, loadedAt: this.#clock() }
    return value
  }
}
