import { LRUCache } from 'lru-cache'

/**
 * Selects the notifications that a connection receives: until the first `subscribe` all except some topics, afterwards only
 * the subscribed topics. Notifications without a topic always pass. Immutable; equal filters share one object.
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

/**
 * Clients of one application name the same few topics, so thousands of connections share one set. Rare filters are evicted
 * and long lists are never stored here, so that no client decides what the cache holds.
 */
const shared = new LRUCache<string, TopicFilter>({
  maxSize: 1_000_000,
  maxEntrySize: 4_000,
  sizeCalculation: (_filter, key) => key.length,
})

function share(mode: 'except' | 'only', topics: readonly string[]): TopicFilter {
  const unique = [...new Set(topics)].sort()
  const key = JSON.stringify([mode, ...unique])
  const known = shared.get(key)
  if (known) return known
  const filter = TopicFilter.of(mode, unique)
  shared.set(key, filter)
  return filter
}
