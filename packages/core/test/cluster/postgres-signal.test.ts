import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { describeOnDatabase } from '@focus-api/test-kit/databases/matrix'
import { type Postgres, startPostgres } from '@focus-api/test-kit/servers/postgres'
import { postgresTemplate } from '@focus-api/test-kit/servers/postgres-template'
import type { WakeUpSignal } from '../../src/cluster/wake-ups/wake-up-signal-port.ts'
import { debugSource } from '../../src/common/logging/debug.ts'
import { type Database, openDatabase } from '../../src/storage/database.ts'
import { Hosts } from '../../src/storage/dialects/postgres/hosts.ts'
import { ListeningSession } from '../../src/storage/dialects/postgres/listening-session.ts'
import { recordingLogger } from '../../src/testing.ts'
import { connect, openFocusNode } from './support/focus-node.ts'

const isHeard = (signal: WakeUpSignal) => expect.poll(() => signal.heard, { timeout: 10_000 })

describeOnDatabase('postgres')('The signal of PostgreSQL', () => {
  let server: Postgres
  const open: { close(): Promise<void> }[] = []
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server.stop())
  afterEach(async () => {
    for (const one of open.splice(0).toReversed()) await one.close()
  })

  /** A node's signal, with a count of how often it was woken. */
  async function start(url: string, directUrl: string | null = null) {
    const logger = recordingLogger()
    const database: Database = await openDatabase(url, { logger })
    const signal = database.wakeUpSignal({ directUrl, logger, debug: debugSource(undefined, null)('broker') })
    if (!signal) throw new Error('PostgreSQL has a signal')
    open.push(database, signal)
    const node = { database, signal, logger, woken: 0 }
    signal.listen(() => (node.woken += 1))
    signal.attend(true)
    return node
  }

  test('wakes the other nodes, not its own, and joins signals that are sent at the same time', async () => {
    const url = await server.createDatabase()
    const [sender, receiver] = [await start(url), await start(url)]
    await isHeard(sender.signal).toBe(true)
    await isHeard(receiver.signal).toBe(true)
    const before = { sender: sender.woken, receiver: receiver.woken }
    for (let sent = 0; sent < 100; sent += 1) sender.signal.send()
    await expect.poll(() => receiver.woken - before.receiver).toBe(2)
    receiver.signal.send()
    await expect.poll(() => sender.woken - before.sender).toBe(1)
    expect(receiver.woken - before.receiver).toBe(2)
  })

  test('listens again after its session ended, and has the tail read what came meanwhile', async () => {
    const node = await start(await server.createDatabase())
    await isHeard(node.signal).toBe(true)
    const before = node.woken
    const listening = sql`select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'focus listener' and datname = current_database()`
    await listening.execute(node.database.db)
    await expect.poll(() => node.woken, { timeout: 10_000 }).toBe(before + 1)
    expect(node.signal.heard).toBe(true)
    expect(node.logger.lines).toEqual([])
  })

  test('a session that listens in vain is noticed: nodes poll, and say so once', async () => {
    const url = await server.createDatabase()
    // As behind a pooler: `LISTEN` succeeds, and nothing ever comes.
    const databaseDirectUrl = await server.createDatabase()
    const first = await openFocusNode(url, { databaseDirectUrl })
    const second = await openFocusNode(url, { databaseDirectUrl })
    open.push(first, second)
    await connect(first, second)
    await second.parts.cluster.broker.subscribe('anna')
    const warnings = () => second.logger.lines.filter(({ level }) => level === 'warn')
    await expect.poll(() => warnings().length, { timeout: 30_000 }).toBe(1)
    await first.send('anna', '1')
    await expect.poll(() => second.events('anna').map(({ title }) => title)).toEqual(['1'])
    expect(warnings()).toMatchObject([
      {
        message: 'PostgreSQL does not notify this node, which polls instead',
        fields: { hint: expect.stringContaining('FOCUS_DATABASE_DIRECT_URL') },
      },
    ])
    expect(second.parts.cluster.broker.connected).toBe(true)
  })

  test('a direct URL of the database itself is where nodes listen', async () => {
    const url = await server.createDatabase()
    const direct = new URL(url)
    direct.searchParams.set('application_name', 'direct')
    const node = await start(url, direct.href)
    await isHeard(node.signal).toBe(true)
  })

  test('of several hosts, nodes listen on one that takes LISTEN: a standby accepts the connection only', async () => {
    const standby = await startPostgres({
      own: true,
      data: (folder) => {
        cpSync(postgresTemplate('system'), folder, { recursive: true })
        writeFileSync(join(folder, 'standby.signal'), '')
      },
    })
    const heard: string[] = []
    const hosts = new Hosts(`postgres://focus@127.0.0.1:${standby.port},127.0.0.1:${server.port}/postgres`)
    const session = await ListeningSession.open(hosts, 'a_channel', (payload) => heard.push(payload))
    open.push({ close: () => standby.stop() }, { close: async () => session.end() })
    const client = new hosts.client()
    await client.connect()
    await client.query(`select pg_notify('a_channel', 'arrived')`)
    await client.end()
    await expect.poll(() => heard).toEqual(['arrived'])
  })
})
