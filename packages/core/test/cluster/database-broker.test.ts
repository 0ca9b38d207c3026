import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterEach, expect, test } from 'vitest'
import { TcpProxy } from '@focus-api/test-kit/cluster/tcp-proxy'
import { type Databases, describeOnDatabase, describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { startMariadb } from '@focus-api/test-kit/servers/mariadb'
import { openDatabase } from '../../src/storage/database.ts'
import { connect, type FocusNode, openFocusNode } from './support/focus-node.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close()
})

async function start(...args: Parameters<typeof openFocusNode>): Promise<FocusNode> {
  const node = await openFocusNode(...args)
  open.push(node)
  return node
}

async function startTwo(url: string): Promise<[FocusNode, FocusNode]> {
  const nodes: [FocusNode, FocusNode] = [await start(url), await start(url)]
  await connect(...nodes)
  return nodes
}

const titles = (node: FocusNode, userKey: string | null) => node.events(userKey).map(({ title }) => title)

function nodesThatShareADatabase(databases: Databases): void {
  test('a notification reaches the nodes that are subscribed to its user, and broadcasts reach all', async () => {
    const [sender, receiver] = await startTwo(await databases.create())
    await receiver.parts.cluster.broker.subscribe('anna')
    const { notifications } = sender.parts.notifications
    await sender.send('bert', 'for somebody else')
    await sender.send('anna', '1', '2')
    await notifications.broadcast({ title: 'to all', message: 'm' })
    await sender.send('anna', '3')
    await expect.poll(() => titles(receiver, 'anna')).toEqual(['1', '2', '3'])
    await expect.poll(() => titles(receiver, null)).toEqual(['to all'])
    expect(titles(receiver, 'bert')).toEqual([])
    const stored = await sender.parts.notifications.notifications.feed.read('anna', 0, 10, 10)
    expect(receiver.events('anna')).toEqual(stored)
  })

  test('changes of inboxes and the ends of sessions arrive as well', async () => {
    const [sender, receiver] = await startTwo(await databases.create())
    const ends: unknown[] = []
    receiver.parts.cluster.broker.onControlMessage((message) => ends.push(message))
    await receiver.parts.cluster.broker.subscribe('anna')
    await sender.send('anna', '1')
    await sender.parts.notifications.notifications.markRead('anna', { upToOffset: 1 })
    await expect.poll(() => receiver.heard.filter(({ kind }) => kind === 'state')).toHaveLength(1)
    const end = { kind: 'session_end', end: { userKey: 'anna', sessionId: null, reason: 'logout' } } as const
    sender.parts.cluster.broker.publish(end)
    await expect.poll(() => ends).toMatchObject([end])
  })

  test('a user that subscribes and then reads the head misses no notification, whenever it is committed', async () => {
    const [sender, receiver] = await startTwo(await databases.create())
    const users = Array.from({ length: 40 }, (_, index) => `user${index}`)
    const sending = new AbortController()
    const traffic = (async () => {
      while (!sending.signal.aborted) await Promise.all(users.map((user) => sender.send(user, 'one')))
    })()
    const { broker } = receiver.parts.cluster
    const { feed } = receiver.parts.notifications.notifications
    const heads = new Map<string, number>()
    for (const user of users) {
      await broker.subscribe(user)
      heads.set(user, (await feed.head(user)).offset)
      await delay(Math.random() * 20)
    }
    sending.abort()
    await traffic
    for (const user of users) {
      const head = heads.get(user) ?? 0
      const { offset: last } = await feed.head(user)
      const wanted = Array.from({ length: last - head }, (_, index) => head + 1 + index)
      const arrived = () => receiver.events(user).flatMap(({ offset }) => (offset > head ? [offset] : []))
      await expect.poll(arrived).toEqual(wanted)
    }
  })

  test('notifications that were merged onwards or deleted before they are read are left out', async () => {
    const url = await databases.create()
    const [sender, receiver] = await startTwo(url)
    const database = await openDatabase(url)
    open.push(database)
    await receiver.parts.cluster.broker.subscribe('anna')
    await sender.send('anna', 'kept', 'moved')
    await expect.poll(() => titles(receiver, 'anna')).toEqual(['kept', 'moved'])
    receiver.heard.length = 0
    const last = await database.db.selectFrom('focus_wake_ups').selectAll().where('lane', '=', 0).execute()
    const row = last.at(-1)
    if (!row) throw new Error('a batch leaves a row')
    // The same wake-up again, and one of a position that nothing has.
    const content = JSON.stringify(['anna', 1, 'anna', 7, 'nobody', 1])
    await database.db
      .insertInto('focus_wake_ups')
      .values({ ...row, seq: row.seq + 100, content })
      .execute()
    await expect.poll(() => titles(receiver, 'anna')).toEqual(['kept'])
  })

  test('a node that is alone writes no wake-up and reads none', async () => {
    const url = await databases.create()
    const [alone, database] = [await start(url), await openDatabase(url)]
    open.push(database)
    await alone.send('anna', '1', '2', '3')
    await alone.parts.notifications.notifications.markRead('anna', { upToOffset: 1 })
    expect(await database.db.selectFrom('focus_wake_ups').selectAll().execute()).toEqual([])
    expect(alone.parts.cluster.wakeUps.next()).toBeNull()
    alone.parts.cluster.wakeUps.ended()
    expect(alone.parts.cluster.broker.connected).toBe(true)
  })

  test('nodes that start while another one is alone hear of everything once they say that they are connected', async () => {
    const url = await databases.create()
    const first = await start(url)
    const second = await start(url)
    await second.parts.cluster.broker.subscribe('anna')
    await expect.poll(() => second.parts.cluster.broker.connected, { timeout: 10_000 }).toBe(true)
    await first.send('anna', '1')
    await expect.poll(() => titles(second, 'anna')).toEqual(['1'])
  })

  test('a node that joins and sends at once is heard by nodes that do not know it yet', async () => {
    const url = await databases.create()
    const [, receiver] = await startTwo(url)
    await receiver.parts.cluster.broker.subscribe('anna')
    const visitor = await start(url)
    await visitor.send('anna', 'hello')
    await expect.poll(() => titles(receiver, 'anna')).toEqual(['hello'])
    await expect
      .poll(() => receiver.parts.cluster.nodes.peers().map(({ name }) => name))
      .toContain(visitor.parts.cluster.broker.node)
  })
}

describeOverDatabases('Nodes that share a database', nodesThatShareADatabase, { alsoNewest: true })

describeOnDatabase('mariadb')('A database with a connection that breaks', () => {
  test('the broker says so once it lasts, and delivers what was sent meanwhile afterwards', async () => {
    const server = await startMariadb()
    const url = new URL(await server.createDatabase())
    const proxy = await TcpProxy.start({ host: url.hostname, port: Number(url.port) })
    const sender = await start(url.href)
    url.port = String(proxy.port)
    url.hostname = '127.0.0.1'
    const receiver = await start(url.href)
    await connect(sender, receiver)
    const { broker } = receiver.parts.cluster
    await broker.subscribe('anna')
    const changes: boolean[] = []
    broker.onConnectionChange((connected) => changes.push(connected))
    proxy.cut()
    await sender.send('anna', '1', '2')
    await expect.poll(() => broker.connected, { timeout: 5_000 }).toBe(false)
    proxy.heal()
    await expect.poll(() => broker.connected, { timeout: 10_000 }).toBe(true)
    expect(titles(receiver, 'anna')).toEqual(['1', '2'])
    expect(changes).toEqual([false, true])
    const lines = receiver.logger.lines.filter(({ message }) => /messages (of|between)/i.test(message))
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'info'])
    await receiver.close()
    open.splice(open.indexOf(receiver), 1)
    await proxy.close()
    await sender.close()
    open.splice(open.indexOf(sender), 1)
    await server.stop()
  }, 60_000)
})

describeOnDatabase('mariadb')('The statements of one node', () => {
  test('are the same with the database broker as without one', async () => {
    const server = await startMariadb({ own: true })
    const database = await openDatabase(server.url)
    open.push({ close: async () => server.stop() }, database)
    const statements = async (broker: 'memory' | 'database') => {
      const node = await openFocusNode(await server.createDatabase(), { broker })
      await sql`truncate table mysql.general_log`.execute(database.db)
      await node.send('anna', '1', '2', '3')
      const { rows } = await sql<{ argument: string }>`select convert(argument using utf8mb4) as argument
        from mysql.general_log where command_type in ('Query', 'Execute')`.execute(database.db)
      await node.close()
      expect(rows.filter(({ argument }) => argument.includes('focus_wake_ups'))).toEqual([])
      // Without the statements of timers.
      const texts = rows.map(({ argument }) => argument.slice(0, 40))
      return texts.filter((text) => /^(start transaction|commit|insert)/i.test(text))
    }
    await sql`set global log_output = 'TABLE', global general_log = 1`.execute(database.db)
    const without = await statements('memory')
    expect(without.filter((text) => text.startsWith('commit'))).toHaveLength(3)
    expect(await statements('database')).toEqual(without)
  }, 60_000)
})
