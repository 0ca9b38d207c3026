import { afterEach, expect, test } from 'vitest'
import { describeOnDatabase, describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { startMariadb } from '@focus-api/test-kit/servers/mariadb'
import { KyselyNodeStore } from '../../src/storage/cluster/node-store.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { migrateToLatest } from '../../src/storage/migrations/migrate.ts'
import { DatabaseCluster } from './support/database-cluster.ts'
import { connect, type FocusNode, openFocusNode } from './support/focus-node.ts'
import { TestNodes } from './support/node-pair.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close()
})

async function start(...args: Parameters<typeof openFocusNode>): Promise<FocusNode> {
  const node = await openFocusNode(...args)
  open.push(node)
  return node
}

describeOverDatabases('A node that joins another one', (databases) => {
  test('is not connected before the end of a batch that started without it', async () => {
    const url = await databases.create()
    const first = await start(url)
    const { wakeUps, broker } = first.parts.cluster
    expect(wakeUps.next()).toBeNull()
    const second = await start(url)
    const heard: unknown[] = []
    second.parts.cluster.broker.onControlMessage((message) => heard.push(message))
    await first.parts.cluster.nodes.refresh()
    broker.publish({ kind: 'keys_changed' })
    await expect.poll(() => heard).toContainEqual(expect.objectContaining({ kind: 'keys_changed' }))
    expect(second.parts.cluster.broker.connected).toBe(false)
    wakeUps.ended()
    await expect.poll(() => second.parts.cluster.broker.connected).toBe(true)
  })

  test('is connected at once when that is only the row of its own earlier life', async () => {
    const url = await databases.create()
    const database = await openDatabase(url)
    await migrateToLatest(database)
    // The row of a process that was killed stays, and is not renewed.
    await new KyselyNodeStore(database).join({
      name: 'web',
      address: null,
      version: '1.0.0',
      startedAt: null,
    })
    await database.close()
    const again = await start(url, { node: 'web' })
    expect(again.parts.cluster.nodes.peers()).toEqual([])
    expect(again.parts.cluster.broker.connected).toBe(true)
  })

  test('hears of events that another node of its name wrote', async () => {
    const url = await databases.create()
    const [other, receiver] = [await start(url), await start(url, { node: 'web' })]
    await connect(other, receiver)
    await receiver.parts.cluster.broker.subscribe('anna')
    const sender = await start(url, { node: 'web' })
    await sender.send('anna', '1')
    await expect.poll(() => receiver.events('anna').map(({ title }) => title)).toEqual(['1'])
  })
})

describeOnDatabase('mariadb')('On a database that tells nothing', () => {
  test('the first notifications for clients of a second node take about a second', async () => {
    const server = await startMariadb()
    const nodes = new TestNodes(await server.createDatabase())
    open.push({ close: async () => server.stop() }, { close: () => nodes.stop() })
    const first = await nodes.start('a', { broker: 'database' })
    const alice = await first.app.signIn('alice')
    const second = await nodes.start('b', { broker: 'database' })
    const client = await nodes.connect(second, alice)
    const took: number[] = []
    for (let sent = 0; sent < 4; sent += 1) {
      const sentAt = performance.now()
      await first.app.focus.notifications.notifyUser({ userId: alice.id, title: `${sent}`, message: 'm' })
      await client.until('notification', ({ title }) => title === `${sent}`)
      took.push(performance.now() - sentAt)
    }
    expect(took.filter((ms) => ms > 1_500)).toEqual([])
    expect((await first.app.focus.realtime.stats()).nodes).toBe(2)
  })

  test('closing takes a few seconds at most while the database hangs', async () => {
    const server = await startMariadb({ own: true })
    const url = await server.createDatabase()
    const empty = await openDatabase(url)
    await migrateToLatest(empty)
    await empty.close()
    const cluster = new DatabaseCluster(url)
    const [one, two] = [await cluster.open('a'), await cluster.open('b')]
    open.push({
      close: async () => {
        server.resume()
        for (const { database } of [one, two]) await database.close()
        await server.stop()
      },
    })
    await expect.poll(() => one.broker.connected && two.broker.connected).toBe(true)
    server.pause()
    const renewing = one.lease.renew()
    two.broker.publish({ kind: 'keys_changed', from: 'b' })
    const startedAt = performance.now()
    for (const { broker, lease } of [one, two]) {
      await broker.close()
      await lease.close()
    }
    // Otherwise each part waits for the limit of a statement.
    expect(performance.now() - startedAt).toBeLessThan(6_000)
    server.resume()
    await renewing
  })
})
