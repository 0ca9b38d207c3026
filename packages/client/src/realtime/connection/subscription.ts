/**
 * Which topics are wanted. Everything until the first `subscribe`; then the named topics, and always what has no topic.
 * Leaving topics before the first `subscribe` means everything but these.
 */
export class Subscription {
  #only: ReadonlySet<string> | null
  #except: ReadonlySet<string> = new Set()

  constructor(events?: readonly string[]) {
    this.#only = events ? new Set(events) : null
  }

  /** The topics in force; null while there is no choice. */
  get events(): readonly string[] | null {
    return this.#only && [...this.#only]
  }

  /** Topics that are unwanted while everything else is. */
  get except(): readonly string[] {
    return [...this.#except]
  }

  /** Whether anything is unwanted. */
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
