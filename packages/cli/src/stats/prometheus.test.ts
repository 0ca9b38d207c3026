import { describe, expect, test } from 'vitest'
import { histogram, parseMetrics, quantile, since, total } from './prometheus.ts'

const metrics = parseMetrics(`# HELP a Something.
# TYPE a counter
a_total{code="1000"} 3
a_total{code="say \\"hi\\"\\n"} 4 1700000000
l_bucket{le="0.1"} 5
l_bucket{le="+Inf"} 10
l_bucket{le="0.2"} 9
l_sum 1.5
broken line
`)

test('reads values and labels', () => {
  expect(metrics.get('a_total')).toEqual([
    { labels: { code: '1000' }, value: 3 },
    { labels: { code: 'say "hi"\n' }, value: 4 },
  ])
  expect(total(metrics, 'a_total')).toBe(7)
  expect(total(metrics, 'nothing')).toBeNull()
})

describe('histograms', () => {
  const buckets = histogram(metrics, 'l')

  test('are sorted and not cumulated', () => {
    expect(buckets).toEqual([
      { upTo: 0.1, count: 5 },
      { upTo: 0.2, count: 4 },
      { upTo: Number.POSITIVE_INFINITY, count: 1 },
    ])
  })

  test.each([
    [0.25, 0.05],
    [0.5, 0.1],
    [0.7, 0.15],
    [0.9, 0.2],
    [0.99, 0.2],
  ])('the share %d lies below %d', (share, value) => {
    expect(quantile(buckets, share)).toBeCloseTo(value)
  })

  test('give the difference to an earlier reading', () => {
    expect(since(buckets, [{ upTo: 0.1, count: 4 }])).toEqual([
      { upTo: 0.1, count: 1 },
      { upTo: 0.2, count: 4 },
      { upTo: Number.POSITIVE_INFINITY, count: 1 },
    ])
  })

  test('have no quantile without observations', () => {
    expect(quantile([], 0.5)).toBeNull()
    expect(quantile(since(buckets, buckets), 0.5)).toBeNull()
  })
})
