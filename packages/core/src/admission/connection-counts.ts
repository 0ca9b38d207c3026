import type { Client } from './client.ts'

/** How many connections each network has; memory grows with the connections alone. */
export class ConnectionCounts {
  readonly #counts = new Map<string, number>()

  /** @param limit for one address; wider networks get their share of it */
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
