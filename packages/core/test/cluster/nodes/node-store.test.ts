import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import type { NewNode } from '../../../src/cluster/nodes/node-store-port.ts'
import { KyselyNodeStore } from '../../../src/storage/cluster/node-store.ts'
import { type Database, openDatabase } from '../../../src/storage/database.ts'

const node = (name: string): NewNode => ({ name, address: null, version: '1.2.3', startedAt: null })
const nothing = { brokerAway: false, details: null, sample: null }

describeOverDatabases('The store of nodes', (databases) => {
  let database: Database
  let store: KyselyNodeStore
  beforeEach(async () => {
    database = await openDatabase(await databases.empty())
    store = new KyselyNodeStore(database)
  })
  afterEach(() => database.close())

  /** Moves a renewal by milliseconds. */
  async function shift(id: number, ms: number): Promise<void> {
    const { db } = database
    await db
      .updateTable('focus_nodes')
      .set((set) => ({ renewed_at: set('renewed_at', '+', ms) }))
      .where('id', '=', id)
      .execute()
  }

  test('numbers nodes in the order in which they join, and never uses a number again', async () => {
    const first = await store.join(node('a'))
    const second = await store.join(node('b'))
    await store.leave(second)
    const third = await store.join(node('b'))
    expect(second).toBeGreaterThan(first)
    expect(third).toBeGreaterThan(second)
    expect((await store.list()).nodes.map(({ id, name }) => ({ id, name }))).toEqual([
      { id: first, name: 'a' },
      { id: third, name: 'b' },
    ])
  })

  test('tells the time of the database, and everything that a node told', async () => {
    const before = Date.now()
    const id = await store.join({ ...node('a'), address: '10.0.0.1' })
    const { now, nodes } = await store.list()
    // The server runs on this machine, and its clock may count in other steps.
    expect(now).toBeGreaterThanOrEqual(before - 2)
    expect(now).toBeLessThanOrEqual(Date.now() + 2)
    expect(nodes).toEqual([
      {
        id,
        name: 'a',
        address: '10.0.0.1',
        version: '1.2.3',
        startedAt: expect.any(Number),
        renewedAt: expect.any(Number),
        brokerAway: false,
      },
    ])
    expect(Number.isInteger(now) && Number.isInteger(nodes[0]?.renewedAt)).toBe(true)
    expect(now - (nodes[0]?.renewedAt ?? 0)).toBeLessThan(10_000)
  })

  test('renews a lease, and only while it lasts', async () => {
    const id = await store.join(node('a'))
    await shift(id, -5_000)
    const report = { brokerAway: true, details: '{"users":1}', sample: '{"sample":["7"]}' }
    expect(await store.renew(id, 15_000, report)).toBe(true)
    const { now, nodes } = await store.list()
    expect(now - (nodes[0]?.renewedAt ?? 0)).toBeLessThan(5_000)
    expect(nodes[0]?.brokerAway).toBe(true)
    expect(await store.renew(id, 15_000, nothing)).toBe(true)
    expect(await store.texts('details', [id])).toEqual(new Map([[id, report.details]]))
    expect(await store.texts('sample', [id])).toEqual(new Map([[id, report.sample]]))
    expect((await store.list()).nodes[0]?.brokerAway).toBe(false)
    await shift(id, -60_000)
    expect(await store.renew(id, 15_000, nothing)).toBe(false)
    await store.leave(id)
    expect(await store.renew(id, 15_000, nothing)).toBe(false)
  })

  test('keeps the time of the first start of a node that joins again', async () => {
    const id = await store.join({ ...node('a'), startedAt: 1_234 })
    expect((await store.list()).nodes).toMatchObject([{ id, startedAt: 1_234 }])
  })

  test('prunes nodes that were not renewed for long, and those from the future', async () => {
    const [alive, dead, future] = [
      await store.join(node('a')),
      await store.join(node('b')),
      await store.join(node('c')),
    ]
    await shift(dead, -120_000)
    await shift(future, 120_000)
    await store.prune(60_000)
    expect((await store.list()).nodes.map(({ id }) => id)).toEqual([alive])
  })
})
