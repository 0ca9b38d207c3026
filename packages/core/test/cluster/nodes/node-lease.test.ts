import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { leaseTimes, NodeLease } from '../../../src/cluster/nodes/node-lease.ts'
import { debugSource } from '../../../src/common/logging/debug.ts'
import { KyselyNodeStore } from '../../../src/storage/cluster/node-store.ts'
import { type Database, openDatabase } from '../../../src/storage/database.ts'
import { type RecordingLogger, recordingLogger } from '../../../src/testing.ts'

describeOverDatabases('The lease of a node', (databases) => {
  let database: Database
  let store: KyselyNodeStore
  let logger: RecordingLogger
  const open: NodeLease[] = []
  beforeEach(async () => {
    database = await openDatabase(await databases.empty())
    store = new KyselyNodeStore(database)
    logger = recordingLogger()
  })
  afterEach(async () => {
    for (const lease of open.splice(0)) await lease.close()
    await database.close()
  })

  /** A node that renews only when a test asks for it. */
  async function join(name: string): Promise<NodeLease> {
    const lease = await NodeLease.join({
      store,
      runtime: { logger, debug: debugSource(undefined, null) },
      self: { name, address: '10.0.0.1', version: '1.0.0' },
      times: { ...leaseTimes, renewMs: 3_600_000 },
    })
    open.push(lease)
    return lease
  }

  async function sleep(lease: NodeLease, ms: number): Promise<void> {
    await database.db
      .updateTable('focus_nodes')
      .set((set) => ({ renewed_at: set('renewed_at', '-', ms) }))
      .where('id', '=', lease.self.id)
      .execute()
  }

  const names = (lease: NodeLease) => lease.peers().map(({ name }) => name)

  test('lists the nodes that joined before, and those that join later with its next renewal', async () => {
    const first = await join('a')
    expect(names(first)).toEqual([])
    const changes: string[][] = []
    first.onPeersChange((peers) => changes.push(peers.map(({ name }) => name)))
    const second = await join('b')
    expect(names(second)).toEqual(['a'])
    await first.renew()
    await first.renew()
    expect(changes).toEqual([['b']])
    await second.close()
    await first.renew()
    expect(changes).toEqual([['b'], []])
    expect(logger.lines.map(({ message }) => message)).toEqual([
      'A node is in the cluster',
      'A node is in the cluster',
      'A node left the cluster',
    ])
  })

  test('drops a node whose lease ended; it joins again by itself, with a new id and its first start', async () => {
    const [first, second] = [await join('a'), await join('b')]
    await first.renew()
    const before = second.self
    await sleep(second, 20_000)
    await first.renew()
    expect(names(first)).toEqual([])
    let told = 0
    second.onPeersChange(() => (told += 1))
    await second.renew()
    expect(told).toBe(1)
    expect(second.self.id).toBeGreaterThan(before.id)
    expect(second.self.startedAt).toBe(before.startedAt)
    await first.renew()
    expect(first.peers()).toEqual([second.self])
    expect(logger.lines.map(({ message }) => message).slice(2)).toEqual([
      'The lease of a node ended',
      'The lease of this node had ended; it joined the cluster again',
      'A node is in the cluster',
    ])
  })

  test('tells that it joined again once it has read the list, however often that fails', async () => {
    const [, second] = [await join('a'), await join('b')]
    let told = 0
    second.onPeersChange(() => (told += 1))
    await sleep(second, 20_000)
    const list = store.list.bind(store)
    store.list = () => Promise.reject(new Error('away'))
    await second.renew()
    await second.renew()
    expect(told).toBe(0)
    store.list = list
    await second.renew()
    await second.renew()
    expect(told).toBe(1)
  })

  test('looks for nodes that joined, and reads the list only then', async () => {
    const first = await join('a')
    const list = store.list.bind(store)
    store.list = () => Promise.reject(new Error('not needed'))
    await first.look()
    store.list = list
    const second = await join('b')
    await first.look()
    expect(first.peers()).toEqual([second.self])
  })

  test('does not count the row of an earlier life as a peer', async () => {
    await join('a')
    const again = await join('a')
    expect(again.peers()).toEqual([])
  })

  test('removes rows of nodes that are dead for a minute', async () => {
    const [first, second] = [await join('a'), await join('b')]
    await sleep(second, 61_000)
    await first.renew()
    expect((await store.list()).nodes.map(({ name }) => name)).toEqual(['a'])
  })

  test('keeps the last list while the database is away, and leaves without an error', async () => {
    const [first, second] = [await join('a'), await join('b')]
    await first.renew()
    await database.close()
    await first.renew()
    expect(names(first)).toEqual(['b'])
    await first.close()
    await second.close()
    database = await openDatabase(await databases.empty())
  })

  test('lets each warn once of another live process with its name, but not of an earlier life', async () => {
    await join('a')
    const again = await join('a')
    await again.renew()
    await again.renew()
    expect(logger.lines.filter(({ level }) => level === 'warn')).toEqual([])
    const [earlier] = open
    for (const lease of [earlier, again, earlier, again]) {
      await new Promise((resolve) => setTimeout(resolve, 2))
      await lease?.renew()
    }
    const warning = { message: 'Another process has the same node name: lists of connections leave one of the two out' }
    expect(logger.lines.filter(({ level }) => level === 'warn')).toMatchObject([warning, warning])
    // They leave wake-ups for each other, although a row of an earlier life is no peer.
    expect([earlier, again].map((lease) => lease?.peers().length)).toEqual([1, 1])
  })
})
