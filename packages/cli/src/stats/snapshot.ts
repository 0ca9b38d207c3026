import { histogram, type Histogram, type Metrics, quantile } from './prometheus.ts'

const deliveryLatency = 'focus_realtime_delivery_latency_seconds'

/** Milliseconds from the commit of a notification to its write to a socket; null without deliveries. */
export interface Latency {
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
}

export function deliveryHistogram(metrics: Metrics): Histogram {
  return histogram(metrics, deliveryLatency)
}

export function latencyOf(buckets: Histogram): Latency {
  const milliseconds = (share: number) => {
    const seconds = quantile(buckets, share)
    return seconds === null ? null : Math.round(seconds * 1e5) / 100
  }
  return { p50: milliseconds(0.5), p95: milliseconds(0.95), p99: milliseconds(0.99) }
}
