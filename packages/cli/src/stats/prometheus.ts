export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Metrics by name, from Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/). */
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

/** The sum of a metric over all its labels; null where there is none of that name. */
export function total(metrics: Metrics, name: string): number | null {
  const samples = metrics.get(name)
  return samples === undefined ? null : samples.reduce((sum, { value }) => sum + value, 0)
}

/** Counts of a histogram, by the upper bound of their buckets, not cumulated. */
export type Histogram = readonly { readonly upTo: number; readonly count: number }[]

export function histogram(metrics: Metrics, name: string): Histogram {
  const buckets = (metrics.get(`${name}_bucket`) ?? [])
    .map(({ labels, value }) => ({ upTo: numberOf(labels.le ?? ''), value }))
    .toSorted((a, b) => a.upTo - b.upTo)
  return buckets.map(({ upTo, value }, index) => ({ upTo, count: value - (buckets[index - 1]?.value ?? 0) }))
}

/** What came to a histogram since an earlier reading of it. */
export function since(now: Histogram, before: Histogram): Histogram {
  return now.map(({ upTo, count }, index) => ({ upTo, count: Math.max(0, count - (before[index]?.count ?? 0)) }))
}

/**
 * The value below which a share of what was observed lies, by interpolation within its bucket as Prometheus'
 * `histogram_quantile` does; null where nothing was observed.
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
      // Nothing is known of how far beyond the last bound the largest lie.
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
