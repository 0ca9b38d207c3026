import { EventEmitter } from 'node:events'
import { openApplicationKysely } from '@focus-api/test-kit/databases/application-kysely'
import { type DatabaseName, selectedDatabases } from '@focus-api/test-kit/databases/database-filter'
import { databaseKinds } from '@focus-api/test-kit/databases/database-kinds'
import { startRedis, startRedisCluster } from '@focus-api/test-kit/servers/servers'
import type { Kysely } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Broker, BrokerMessage } from '../../src/cluster/broker-port.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { migrateToLatest } from '../../src/storage/migrations/migrate.ts'
import { DatabaseCluster, writingBroker } from './support/database-cluster.ts'
import { EmitterBroker } from './support/emitter-broker.ts'
import { event, notifications } from './support/messages.ts'
import { openRedisBroker } from './support/redis.ts'

/** Opens the brokers of nodes that share a server. */
interface Driver {
  open(node: string): Promise<Broker>
  stop(): Promise<void>
}

/** Requirements on every driver: best effort, in the order of each stream and node, and only to nodes with a subscription. */
const drivers: { name: string; start: () => Promise<Driver> }[] = [
  { name: 'of an application', start: startEmitter },
  ...[...selectedDatabases(process.env['DATABASES'])].map((name) => ({
    name: `of ${databaseKinds[name].title}`,
    start: () => startDatabase(name),
  })),
  ...[...selectedDatabases(process.env['DATABASES'])].map((name) => ({
    name: `of an application's own Kysely on ${databaseKinds[name].title}`,
    start: () => startDatabase(name, openApplicationKysely),
  })),
  { name: 'of Redis', start: async () => overRedis(await startRedis()) },
  { name: 'of a Redis Cluster', start: async () => overRedis(await startRedisCluster()) },
]

/** The events of all messages: a driver may join those of one stream. */
const eventsIn = (messages: readonly BrokerMessage[]) =>
  messages.flatMap((message) => (message.kind === 'notifications' ? message.events : []))
const isOther = (message: BrokerMessage) => message.kind !== 'notifications'

async function startEmitter(): Promise<Driver> {
  const bus = new EventEmitter()
  return { open: async () => new EmitterBroker(bus), stop: async () => void bus.removeAllListeners() }
}

async function startDatabase(name: DatabaseName, openOwn?: (url: string) => Kysely<unknown>): Promise<Driver> {
  const server = await databaseKinds[name].start()
  const url = await server.createDatabase()
  const database = await openDatabase(url)
  await migrateToLatest(database)
  await database.db
    .insertInto('focus_meta')
    .values({ name: 'epoch', value: event(null, 1).epoch })
    .execute()
  const opened: Kysely<unknown>[] = []
  const source = () => {
    if (!openOwn) return url
    const own = openOwn(url)
    opened.push(own)
    return own
  }
  const cluster = new DatabaseCluster(source)
  return {
    open: async (node) => {
      await database.db.deleteFrom('focus_notifications').execute()
      return writingBroker(cluster, await cluster.open(node))
    },
    stop: async () => {
      for (const own of opened) await own.destroy()
      await database.close()
      await server.stop()
    },
  }
}

function overRedis(server: { readonly url: string; stop(): Promise<void> }): Driver {
  return { open: (node) => openRedisBroker({ url: server.url, node }), stop: () => server.stop() }
}

describe.each(drivers)('broker $name', ({ start }) => {
  let driver: Driver
  let sender: Broker
  let receiver: Broker
  let heard: BrokerMessage[]
  beforeAll(async () => {
    driver = await start()
  })
  afterAll(() => driver.stop())
  beforeEach(async () => {
    sender = await driver.open('n1')
    receiver = await driver.open('n2')
    heard = []
    receiver.onMessage((message) => heard.push(message))
  })
  afterEach(async () => {
    await sender.close()
    await receiver.close()
  })

  const fromSender = (message: object) => ({ ...message, from: 'n1' }) as BrokerMessage

  test('is connected', async () => {
    await expect.poll(() => sender.connected).toBe(true)
  })

  test('carries every kind of message to a subscribed node, unchanged and in order', async () => {
    await receiver.subscribe('1')
    const messages = [
      notifications('1', 1, 2),
      {
        kind: 'state',
        userKey: '1',
        event: { userKey: '1', ids: ['a'], state: 'read', unreadCount: 1, stateRev: 2, offset: 3, allOffset: 1 },
      },
      notifications('1', 3),
    ].map(fromSender)
    for (const message of messages) sender.publish(message)
    await expect.poll(() => eventsIn(heard)).toEqual(eventsIn(messages))
    await expect.poll(() => heard.filter(isOther)).toEqual(messages.filter(isOther))
  })

  test('carries broadcasts and control messages to nodes without a subscription', async () => {
    const messages = [
      { kind: 'notifications', userKey: null, events: [event(null, 1)] },
      { kind: 'session_end', end: { userKey: '1', sessionId: 's', reason: 'logout' } },
      { kind: 'user_changed', userKey: '1' },
      { kind: 'keys_changed' },
      { kind: 'spent', spendings: [['start', '203.0.113.9', 2]] },
      { kind: 'nodes_changed' },
      { kind: 'question', to: null, ref: 'q', question: { ask: 'connections', userKey: null, limit: 9 } },
      {
        kind: 'answer',
        to: 'n2',
        ref: 'q',
        answer: { ask: 'connections', connections: [], total: 0 },
        part: 0,
        last: true,
      },
    ].map(fromSender)
    for (const message of messages) sender.publish(message)
    await expect.poll(() => heard.map(({ kind }) => kind).sort()).toEqual(messages.map(({ kind }) => kind).sort())
    expect(eventsIn(heard)).toEqual(eventsIn(messages))
    expect(heard).toEqual(expect.arrayContaining(messages.filter(isOther)))
  })

  test('separates users whose ids differ only in case', async () => {
    await receiver.subscribe('auth0|AbC')
    const wanted = fromSender(notifications('auth0|AbC', 1))
    sender.publish(fromSender(notifications('auth0|abc', 1)))
    sender.publish(wanted)
    const ofUser = () => eventsIn(heard).filter(({ userKey }) => userKey === 'auth0|AbC')
    await expect.poll(ofUser).toEqual(eventsIn([wanted]))
  })

  test('does not call a listener that was removed', async () => {
    const late: BrokerMessage[] = []
    const leave = receiver.onMessage((message) => late.push(message))
    sender.publish(fromSender(notifications(null, 1)))
    await expect.poll(() => late).toHaveLength(1)
    leave()
    sender.publish(fromSender(notifications(null, 2)))
    await expect.poll(() => eventsIn(heard)).toHaveLength(2)
    expect(late).toHaveLength(1)
  })

  test('drops what is published after it was closed', async () => {
    await sender.close()
    expect(() => sender.publish(fromSender(notifications(null, 1)))).not.toThrow()
  })
})
