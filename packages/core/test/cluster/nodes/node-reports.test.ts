import { expect, test } from 'vitest'
import { NodeReports } from '../../../src/cluster/nodes/node-reports.ts'

/** A node whose users the test counts. */
function localOf(users: number) {
  const local = {
    changes: 1,
    users,
    samples: 0,
    activity: () => ({ users: local.users, connections: local.users, deliveries: 0, actions: 0 }),
    sample: () => {
      local.samples += 1
      return new Map(Array.from({ length: Math.min(1_000, local.users) }, (_, index) => [String(index), 1]))
    },
    connections: () => ({ connections: [], total: 0 }),
    close: () => false,
  }
  return local
}

test('a busy node writes its counts each time, and the names of its users only every few seconds', () => {
  const local = localOf(900)
  const reports = new NodeReports(local)
  const first = reports.next()
  expect(JSON.parse(first.details ?? '')).toMatchObject({ users: 900, sampleNumber: 1 })
  expect(JSON.parse(first.sample ?? '').sample).toHaveLength(900)
  expect(reports.next()).toEqual({ details: null, sample: null })
  for (const users of [901, 902, 903]) {
    Object.assign(local, { changes: users, users })
    const { details, sample } = reports.next()
    expect(JSON.parse(details ?? '')).toMatchObject({ users, sampleNumber: 1 })
    expect(details?.length).toBeLessThan(200)
    expect(sample).toBeNull()
  }
  expect(local.samples).toBe(1)
  reports.forget()
  expect(reports.next().sample).not.toBeNull()
})

test('a node with few users names them at once', () => {
  const local = localOf(2)
  const reports = new NodeReports(local)
  reports.next()
  Object.assign(local, { changes: 2, users: 3 })
  expect(JSON.parse(reports.next().sample ?? '').sample).toHaveLength(3)
})
