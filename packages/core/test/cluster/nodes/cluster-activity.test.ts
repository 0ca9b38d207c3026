import { expect, test } from 'vitest'
import { clusterActivity, type DescribedNode } from '../../../src/cluster/nodes/cluster-activity.ts'
import { decodeCounts, decodeSample, encodeCounts, encodeSample } from '../../../src/cluster/nodes/node-details.ts'
import { userHash } from '../../../src/common/users/user-hash.ts'

/** A node with one connection of each user, which names those with the lowest hashes. */
function nodeOf(id: number, users: readonly string[]): DescribedNode {
  const named = users.toSorted((a, b) => userHash(a) - userHash(b)).slice(0, 1_000)
  return {
    node: { id, name: `n${id}`, address: null, version: '1', startedAt: 0 },
    details: {
      users: users.length,
      connections: users.length,
      deliveries: 1,
      actions: 2,
      sample: new Map(named.map((user) => [user, 1])),
    },
  }
}

const users = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => `${from + index}`)

test('counts users exactly while the nodes name all of theirs', () => {
  const [own, peer] = [nodeOf(1, users(0, 1_000)), nodeOf(2, users(500, 1_500))]
  const activity = clusterActivity(own, [peer])
  expect(activity).toMatchObject({ users: 1_500, connections: 2_000, deliveries: 2, actions: 4 })
  expect(activity.userKeys).toHaveLength(1_000)
  expect(activity.nodes.map(({ node, users: each }) => [node.name, each])).toEqual([
    ['n1', 1_000],
    ['n2', 1_000],
  ])
})

test('counts users of larger nodes exactly while none is on two of them', () => {
  const peers = [nodeOf(2, users(20_000, 50_000)), nodeOf(3, users(50_000, 50_003))]
  expect(clusterActivity(nodeOf(1, users(0, 20_000)), peers).users).toBe(50_003)
})

test.each([
  { name: 'half', from: 10_000, distinct: 30_000 },
  { name: 'all', from: 0, distinct: 20_000 },
  { name: 'few', from: 19_000, distinct: 39_000 },
])('estimates users of larger nodes within 5 % when $name of them are on two', ({ from, distinct }) => {
  const { users: estimate } = clusterActivity(nodeOf(1, users(0, 20_000)), [nodeOf(2, users(from, from + 20_000))])
  expect(Math.abs(estimate - distinct) / distinct).toBeLessThan(0.05)
})

test('adds up the connections of one user on the other nodes', () => {
  const counts = { users: 1, connections: 3, deliveries: 0, actions: 0, sampleNumber: 4 }
  const sample = decodeSample(encodeSample(new Map([['7', 3]])))
  const peer = { ...nodeOf(2, []), details: { ...decodeCounts(encodeCounts(counts)), sample } }
  expect(peer.details).toEqual({ ...counts, sample: new Map([['7', 3]]) })
  const { connectionsElsewhere } = clusterActivity(nodeOf(1, ['7']), [peer])
  expect([connectionsElsewhere('7'), connectionsElsewhere('8')]).toEqual([3, 0])
})

test.each(['', 'null', '[]', '{}', '{"users":"x","sample":{"a":1},"several":null}', '{"sample":[1,null]}'])(
  'takes unknown details %s for none',
  (text) => {
    expect(decodeCounts(text)).toEqual({ users: 0, connections: 0, deliveries: 0, actions: 0, sampleNumber: 0 })
    expect(decodeSample(text)).toEqual(new Map())
  },
)
