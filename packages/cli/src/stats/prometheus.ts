export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/**
 * Parses Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/) into metrics by name.
 */
export type Metrics = ReadonlyMap<string, readonly Sample[]>

export function parseMetrics(text: string): Metrics {
  const metrics = new Map<string, Sample[]>()
  for (const line of text.split('\n')) {
    const match = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/.exec(line)
    if (match === null) continue
    const [, name = '', labels = '', value = ''] = match
    const samples = metrics.get(name) ?? []
    samples.push({ labels: parseLabels(labels), value: numberOf(value) })
    metrics.set(name, samples)
  }
  return metrics
}

/** Returns the sum of a metric over all labels; null when the metric does not exist. */
export function total(metrics: Metrics, name: string): number | null {
  const samples = metrics.get(name)
  return samples === undefined ? null : samples.reduce((sum, { value }) => sum + value, 0)
}

/** Returns the counts of a histogram by the upper bound of the bucket, not cumulated. */
export type Histogram = readonly { readonly upTo: number; readonly count: number }[]

export function histogram(metrics: Metrics, name: string): Histogram {
  const buckets = (metrics.get(`${name}_bucket`) ?? [])
    .map(({ labels, value }) => ({ upTo: numberOf(labels.le ?? ''), value }))
    .toSorted((a, b) => a.upTo - b.upTo)
  return buckets.map(({ upTo, value }, index) => ({ upTo, count: value - (buckets[index - 1]?.value ?? 0) }))
}

/** Returns the counts of a histogram since an earlier reading. */
export function since(now: Histogram, before: Histogram): Histogram {
  return now.map(({ upTo, count }, index) => ({ upTo, count: Math.max(0, count - (before[index]?.count ?? 0)) }))
}

/**
 * Returns the value below which a share of the observations lies, interpolated within its bucket like Prometheus'
 * `histogram_quantile`; null without observations.
 *
 * @param share from 0 to 1
 */
export function quantile(buckets: Histogram, share: number): number | null {
  const count = buckets.reduce((sum, bucket) => sum + bucket.count, 0)
  if (count === 0) return null
  let below = 0
  let from = 0
  for (const bucket of buckets) {
    if (below + bucket.count >= share * count) {
      // Values in the last bucket have no upper bound.
      if (!Number.isFinite(bucket.upTo)) return from
      return from + (bucket.upTo - from) * (bucket.count === 0 ? 1 : (share * count - below) / bucket.count)
    }
    below += bucket.count
    from = bucket.upTo
  }
  return from
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const [, name = '', value = ''] of text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
    labels[name] = value.replaceAll(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character))
  }
  return labels
}

function numberOf(text: string): number {
  return text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text)
}
