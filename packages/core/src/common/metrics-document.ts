import type { Registry } from 'prom-client'
import { withTimeout } from './async/with-timeout.ts'

/** Metrics in the text format of Prometheus. */
export interface MetricsDocument {
  readonly contentType: string
  readonly body: string
}

/** Appends the metrics of a registry to a document. */
export async function appendMetrics(others: Promise<MetricsDocument>, registry: Registry): Promise<MetricsDocument> {
  const { contentType, body } = await others
  return { contentType, body: `${body}\n${await registry.metrics()}` }
}

/** Prometheus waits 10 seconds for a document, which may need several queries. */
const readMs = 2_000

/** Reads the value of a gauge from the database. Returns null if it does not answer: the other metrics matter most then. */
export async function forMetrics<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await withTimeout(read(), readMs, () => new Error('The database does not answer.'))
  } catch {
    return null
  }
}
