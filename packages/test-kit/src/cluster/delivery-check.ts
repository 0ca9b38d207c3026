import { setTimeout as delay } from 'node:timers/promises'
import type { ClusterUser } from './cluster.ts'
import type { ClientCounts, CountingClient } from './counting-client.ts'
import type { Accepted } from './traffic.ts'

/** A client and the user that it belongs to. */
export interface Follower {
  readonly user: ClusterUser
  readonly client: CountingClient
}

/** The result of a run with faults. `lost`, `holes`, `duplicated`, `outOfOrder` and `unrecovered` must be 0. */
export interface DeliveryReport extends ClientCounts {
  readonly accepted: number
  /** Accepted notifications that did not reach a client of their user. */
  readonly lost: number
  /** Offsets between the first and the last one that a client did not get. */
  readonly holes: number
}

/** Compares what nodes accepted with what clients got. */
export class DeliveryCheck {
  readonly #followers: readonly Follower[]
  readonly #accepted: readonly Accepted[]
  /** What each follower has not got yet. */
  readonly #missing: Accepted[][]
  #compared = 0

  /** @param accepted a list that grows */
  constructor(followers: readonly Follower[], accepted: readonly Accepted[]) {
    this.#followers = followers
    this.#accepted = accepted
    this.#missing = followers.map(() => [])
  }

  /** Resolves when every notification accepted so far has reached all clients of its user; rejects after the time-out. */
  async allDelivered(timeoutMs = 20_000): Promise<void> {
    const deadline = performance.now() + timeoutMs
    const goal = this.#accepted.length
    while (this.#lost(goal) > 0) {
      if (performance.now() > deadline) throw new Error(this.#describeLost(timeoutMs))
      await delay(50)
    }
  }

  /** Counts what was accepted before the last call of `allDelivered`. */
  report(): DeliveryReport {
    const total = (count: keyof ClientCounts) => sum(this.#followers.map(({ client }) => client.counts[count]))
    return {
      accepted: this.#compared,
      lost: this.#lost(this.#compared),
      holes: sum(this.#followers.map(({ client }) => holesOf(client))),
      duplicated: total('duplicated'),
      outOfOrder: total('outOfOrder'),
      unrecovered: total('unrecovered'),
      repeated: total('repeated'),
      reconnects: total('reconnects'),
    }
  }

  /** Counts the missing ones among the first `goal` accepted notifications. */
  #lost(goal: number): number {
    const fresh = this.#accepted.slice(this.#compared, goal)
    this.#compared = Math.max(this.#compared, goal)
    let lost = 0
    for (const [index, follower] of this.#followers.entries()) {
      const before = [...(this.#missing[index] ?? []), ...fresh]
      const missing = before.filter((notification) => isMissing(follower, notification))
      this.#missing[index] = missing
      lost += missing.length
    }
    return lost
  }

  #describeLost(timeoutMs: number): string {
    const lines = this.#followers.flatMap(({ client, user }, index) => {
      const missing = this.#missing[index] ?? []
      if (missing.length === 0) return []
      const offsets = missing.slice(0, 5).map((each) => `${each.user === null ? 'all' : 'user'} ${each.offset}`)
      const where = client.isConnected ? `connected to ${client.url}` : `not connected (last to ${client.url})`
      return [`${user.name}, ${where}: ${missing.length} missing (${offsets.join(', ')})`]
    })
    return `After ${timeoutMs} ms, accepted notifications had not arrived:\n${lines.join('\n')}`
  }
}

/** Returns whether a client should have got a notification and has not. */
function isMissing({ user, client: { start, events } }: Follower, notification: Accepted): boolean {
  if (notification.user !== null && notification.user.id !== user.id) return false
  const stream = notification.user === null ? 'all' : 'user'
  if (start !== null && notification.offset <= start[stream]) return false
  return events[stream].get(notification.offset) !== notification.id
}

/** Every offset after the start has an event: nothing is merged, deleted or pruned here. */
function holesOf({ start, events }: CountingClient): number {
  return sum(
    (['user', 'all'] as const).map((stream) => {
      const first = start?.[stream] ?? 0
      let newest = first
      for (const offset of events[stream].keys()) newest = Math.max(newest, offset)
      return newest - first - events[stream].size
    }),
  )
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
