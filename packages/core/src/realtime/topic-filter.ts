/**
 * Which notifications a connection wants: all of them but some topics, until it first subscribes, and from then on the
 * topics that it named. Notifications without a topic always pass. Immutable; equal filters share one object.
 */
export class TopicFilter {
  static readonly everything = new TopicFilter('except', [])

  readonly mode: 'except' | 'only'
  readonly #topics: ReadonlySet<string>

  private constructor(mode: 'except' | 'only', topics: readonly string[]) {
    this.mode = mode
    this.#topics = new Set(topics)
  }

  get topics(): string[] {
    return [...this.#topics]
  }

  matches(topic: string | null): boolean {
    return topic === null || this.#topics.has(topic) === (this.mode === 'only')
  }

  subscribe(topics: readonly string[]): TopicFilter {
    return share('only', this.mode === 'only' ? [...this.#topics, ...topics] : topics)
  }

  unsubscribe(topics: readonly string[]): TopicFilter {
    if (this.mode === 'except') return share('except', [...this.#topics, ...topics])
    return share(
      'only',
      [...this.#topics].filter((topic) => !topics.includes(topic)),
    )
  }

  static of(mode: 'except' | 'only', topics: readonly string[]): TopicFilter {
    return new TopicFilter(mode, topics)
  }
}

/** Clients of one application name the same few topics: thousands of connections then hold one set. */
const shared = new Map<string, TopicFilter>()
const sharedLimit = 1_000

function share(mode: 'except' | 'only', topics: readonly string[]): TopicFilter {
  const unique = [...new Set(topics)].sort()
  const key = JSON.stringify([mode, ...unique])
  const known = shared.get(key)
  if (known) return known
  const filter = TopicFilter.of(mode, unique)
  if (shared.size < sharedLimit) shared.set(key, filter)
  return filter
}
