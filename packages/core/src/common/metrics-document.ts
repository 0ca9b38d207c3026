import type { Registry } from 'prom-client'
import { inTime } from './async/in-time.ts'

/** Metrics in the text format of Prometheus. */
export interface MetricsDocument {
  readonly contentType: string
  readonly body: string
}

/** One document: the metrics of a room after those of others. */
export async function appendMetrics(others: Promise<MetricsDocument>, registry: Registry): Promise<MetricsDocument> {
  const { contentType, body } = await others
  return { contentType, body: `${body}\n${await registry.metrics()}` }
}

/** Prometheus waits for a document for 10 seconds, which may ask the database several times. */
const readMs = 2_000

/** What the database says for a gauge; null while it does not answer, because all other metrics are needed then. */
export async function forMetrics<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await inTime(read(), readMs, () => new Error('The database does not answer.'))
  } catch {
    return null
  }
}
