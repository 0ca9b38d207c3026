import { CommandFailure } from '../failure.ts'
import { parseMetrics, since, type Histogram } from '../metrics/prometheus.ts'
import { deliveryHistogram, type Latency, latencyOf } from '../metrics/snapshot.ts'
import type { Json, RemoteClient } from '../remote/client.ts'

/** What `focus stats --json` prints: `GET /ws/stats`, with what the metrics add where the admin key opens them. */
export interface StatsDocument {
  readonly websocket_enabled: boolean
  readonly active_users: number
  readonly active_connections: number
  readonly connected_user_ids: readonly (number | string)[]
  readonly nodes?: number
  readonly rates?: { readonly deliveries: number; readonly actions: number }
  /** Of the node that answered. */
  readonly latency_ms?: Latency
  readonly [field: string]: Json | Latency | undefined
}

/** Reads a server's stats, again and again where they are watched: latency is then that of the time in between. */
export class StatsReader {
  readonly #client: RemoteClient
  #latencyBefore: Histogram = []

  constructor(client: RemoteClient) {
    this.#client = client
  }

  /** @throws CommandFailure */
  async read(signal: AbortSignal): Promise<StatsDocument> {
    const [stats, metrics] = await Promise.all([
      this.#client.call('/ws/stats', { signal }),
      this.#client.text('/metrics', signal),
    ])
    if (typeof stats.active_connections !== 'number') {
      throw new CommandFailure('not_focus', `What answers at ${this.#client.base} is not a Focus server.`, {
        hint: 'Check --url (or FOCUS_URL).',
      })
    }
    const document = stats as unknown as StatsDocument
    if (metrics === null) return document
    const latency = deliveryHistogram(parseMetrics(metrics))
    const recent = since(latency, this.#latencyBefore)
    this.#latencyBefore = latency
    return { ...document, latency_ms: latencyOf(recent) }
  }
}
