/**
 * The wanted topics: all until the first `subscribe`, then the named ones. Notifications without a topic are always
 * wanted. An `unsubscribe` before the first `subscribe` excludes topics.
 */
export class Subscription {
  #only: ReadonlySet<string> | null
  #except: ReadonlySet<string> = new Set()

  constructor(events?: readonly string[]) {
    this.#only = events ? new Set(events) : null
  }

  /** Subscribed topics; null before the first subscription. */
  get events(): readonly string[] | null {
    return this.#only && [...this.#only]
  }

  /** Excluded topics, before the first subscription. */
  get except(): readonly string[] {
    return [...this.#except]
  }

  /** Whether any topic is unwanted. */
  get isFiltering(): boolean {
    return this.#only !== null || this.#except.size > 0
  }

  add(events: readonly string[]): void {
    this.#only = new Set([...(this.#only ?? []), ...events])
    this.#except = new Set()
  }

  remove(events: readonly string[]): void {
    if (this.#only) this.#only = new Set([...this.#only].filter((event) => !events.includes(event)))
    else this.#except = new Set([...this.#except, ...events])
  }

  wants(event: string | undefined): boolean {
    if (event === undefined) return true
    return this.#only ? this.#only.has(event) : !this.#except.has(event)
  }
}
