import type { Client } from './client.ts'

/** Open connections by network. Memory grows with the connections only. */
export class ConnectionCounts {
  readonly #counts = new Map<string, number>()

  /** @param limit connections of one address; a wider network may have its share times as many */
  isFull({ networks }: Client, limit: number): boolean {
    return networks.some(({ name, share }) => (this.#counts.get(name) ?? 0) >= limit * share)
  }

  join({ networks }: Client): void {
    for (const { name } of networks) this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
  }

  leave({ networks }: Client): void {
    for (const { name } of networks) {
      const count = this.#counts.get(name) ?? 0
      if (count > 1) this.#counts.set(name, count - 1)
      else this.#counts.delete(name)
    }
  }
}
