import { expect, test } from 'vitest'
import { mergeMetrics } from './merge-metrics.ts'

const body = (count: number) => `
# HELP focus_a A gauge.
# TYPE focus_a gauge
focus_a ${count}

# HELP focus_h A histogram.
# TYPE focus_h histogram
focus_h_bucket{le="1",of="a \\"{b}\\""} ${count}
focus_h_sum{} ${count}
focus_h_count ${count}
# HELP focus_outbox_deliveries Deliveries in the outbox of all nodes.
# TYPE focus_outbox_deliveries gauge
focus_outbox_deliveries{state="waiting"} 7
`

test('describes each metric once, and labels its samples with their worker', () => {
  const merged = mergeMetrics([
    { worker: 1, restarts: 0, body: body(3) },
    { worker: 2, restarts: 4, body: body(5) },
    { worker: 3, restarts: 1, body: null },
  ])
  expect(merged).toBe(`# HELP focus_a A gauge.
# TYPE focus_a gauge
focus_a{worker="1"} 3
focus_a{worker="2"} 5
# HELP focus_h A histogram.
# TYPE focus_h histogram
focus_h_bucket{worker="1",le="1",of="a \\"{b}\\""} 3
focus_h_sum{worker="1"} 3
focus_h_count{worker="1"} 3
focus_h_bucket{worker="2",le="1",of="a \\"{b}\\""} 5
focus_h_sum{worker="2"} 5
focus_h_count{worker="2"} 5
# HELP focus_outbox_deliveries Deliveries in the outbox of all nodes.
# TYPE focus_outbox_deliveries gauge
focus_outbox_deliveries{state="waiting"} 7
# HELP focus_worker_up Whether the worker answered this scrape.
# TYPE focus_worker_up gauge
focus_worker_up{worker="1"} 1
focus_worker_up{worker="2"} 1
focus_worker_up{worker="3"} 0
# HELP focus_worker_restarts_total Times that the worker ended and was started again.
# TYPE focus_worker_restarts_total counter
focus_worker_restarts_total{worker="1"} 0
focus_worker_restarts_total{worker="2"} 4
focus_worker_restarts_total{worker="3"} 1
`)
})
