import { expect, test } from 'vitest'
import { checkCluster } from './cluster.ts'

const node = (name: string, version = '1.0.0') => ({ name, version, users: 0, connections: 0 })
const healthy = {
  broker: { kind: 'database', connected: true },
  clock_difference_ms: 12,
  nodes: [node('a'), node('b')],
}
const statuses = (body: Parameters<typeof checkCluster>[0]) =>
  Object.fromEntries(checkCluster(body).map(({ check, status }) => [check, status]))

test('finds nothing wrong with nodes of one version that hear each other', () => {
  expect(statuses(healthy)).toEqual({
    'cluster.nodes': 'ok',
    'cluster.versions': 'ok',
    'cluster.broker': 'ok',
    'cluster.clock': 'ok',
  })
})

test.each([
  ['cluster.nodes', 'warning', { nodes: [node('a'), node('a')] }, 'named a'],
  ['cluster.versions', 'warning', { nodes: [node('a'), node('b', '1.1.0')] }, 'a 1.0.0, b 1.1.0'],
  ['cluster.broker', 'failed', { broker: { kind: 'redis', connected: false } }, 'broker: redis'],
  ['cluster.clock', 'warning', { clock_difference_ms: -6_400 }, '6.4 s behind'],
])('%s: %s', (check, status, change, text) => {
  const finding = checkCluster({ ...healthy, ...change }).find((one) => one.check === check)
  expect(finding).toMatchObject({ status, message: expect.stringContaining(text), fix: expect.stringMatching(/./) })
})

test('skips what a server cannot tell', () => {
  expect(statuses(null)).toEqual({ cluster: 'skipped' })
  expect(statuses({ ...healthy, clock_difference_ms: null })['cluster.clock']).toBe('skipped')
})
