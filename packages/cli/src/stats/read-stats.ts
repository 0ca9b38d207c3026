import { CommandFailure } from '../terminal/failure.ts'
import { parseMetrics, since, type Histogram } from './prometheus.ts'
import { deliveryHistogram, type Latency, latencyOf } from './snapshot.ts'
import type { RemoteClient } from '../remote/client.ts'

/** The output of `focus stats --json`: `GET /ws/stats`, with the metrics when an admin key is known. */
export interface StatsDocument {
  readonly websocket_enabled: boolean
  readonly active_users: number
  readonly active_connections: number
  readonly connected_user_ids: readonly (number | string)[]
  readonly nodes?: number
  readonly rates?: { readonly deliveries: number; readonly actions: number }
  /** Latency of the node that answered. */
  readonly latency_ms?: Latency
  /** Deliveries of all transports in the outbox. */
  readonly outbox?: { readonly waiting: number; readonly dead: number }
  readonly [field: string]: unknown
}

/** Reads the stats of a server, once or repeatedly; later readings contain the latency since the previous one. */
export class StatsReader {
  readonly #client: RemoteClient
  #latencyBefore: Histogram = []

  constructor(client: RemoteClient) {
    this.#client = client
  }

  /** @throws CommandFailure */
  async read(signal: AbortSignal): Promise<StatsDocument> {
    const [stats, metrics, transports] = await Promise.all([
      this.#client.call('/ws/stats', { signal }),
      this.#client.text('/metrics', signal),
      this.#client.text('/admin/transports', signal),
    ])
    if (typeof stats.active_connections !== 'number') {
      throw new CommandFailure('not_focus', `The server at ${this.#client.base} is not a Focus server.`, {
        hint: 'Check --url (or FOCUS_URL).',
      })
    }
    const document = stats as unknown as StatsDocument
    const outbox = transports === null ? {} : { outbox: outboxOf(transports) }
    if (metrics === null) return { ...document, ...outbox }
    const latency = deliveryHistogram(parseMetrics(metrics))
    const recent = since(latency, this.#latencyBefore)
    this.#latencyBefore = latency
    return { ...document, latency_ms: latencyOf(recent), ...outbox }
  }
}

function outboxOf(text: string): { waiting: number; dead: number } {
  const { transports }: { transports: readonly { waiting: number; dead: number }[] } = JSON.parse(text)
  return {
    waiting: transports.reduce((sum, { waiting }) => sum + waiting, 0),
    dead: transports.reduce((sum, { dead }) => sum + dead, 0),
  }
}
