import type { Registry } from 'prom-client'

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
