import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { profileOf } from '@focus-api/test-kit/focus/profile'
import { describeOnDatabase } from '@focus-api/test-kit/databases/matrix'
import { type Pgbouncer, poolSize, startPgbouncer } from '@focus-api/test-kit/servers/pgbouncer'
import { type Postgres, startPostgres, withClient } from '@focus-api/test-kit/servers/postgres'
import { toUserKey } from '../../src/common/user-id.ts'
import type { FocusOptions } from '../../src/options/options.ts'
import { listMigrations } from '../../src/compose/migration.ts'
import { connect, type FocusNode, openFocusNode } from './support/focus-node.ts'

const titles = (node: FocusNode, userKey: string) => node.events(userKey).map(({ title }) => title)

describeOnDatabase('postgres')('Behind a PgBouncer in transaction mode', () => {
  let server: Postgres
  let pooler: Pgbouncer
  let direct: string
  let pooled: string
  const open: { close(): Promise<unknown> }[] = []
  beforeAll(async () => {
    server = await startPostgres({ own: true })
    pooler = await startPgbouncer(server.url)
  })
  beforeEach(async () => {
    direct = await server.createDatabase()
    pooled = pooler.through(direct)
  })
  afterEach(async () => {
    for (const one of open.splice(0).toReversed()) await one.close()
  })
  afterAll(async () => {
    await pooler.stop()
    await server.stop()
  })

  async function start(options: FocusOptions = {}): Promise<FocusNode> {
    const node = await openFocusNode(pooled, options)
    open.push(node)
    return node
  }

  test('two nodes create the tables at the same time, and each migration is applied once', async () => {
    await Promise.all([start(), start()])
    const migrations = await listMigrations({ database: direct, env: {} })
    expect(migrations.filter(({ appliedAt }) => appliedAt === null)).toEqual([])
  })

  test('sessions start, are refreshed at another node, and end', async () => {
    const [one, other] = [await start(), await start()]
    const { user } = await one.parts.auth.auth.accounts.signIn(profileOf('anna'))
    const { refreshToken } = await one.parts.auth.auth.sessions.start(user, 'test')
    const next = await other.parts.auth.auth.sessions.refresh(refreshToken ?? '')
    const principal = await one.parts.auth.auth.authenticate(
      new Headers({ authorization: `Bearer ${next.accessToken}` }),
    )
    expect(principal?.userKey).toBe(toUserKey(user.id))
    expect((await other.parts.auth.auth.accounts.signIn(profileOf('anna'))).user.id).toBe(user.id)
  })

  test('policies hold for all nodes, and the offsets of a user have no gaps', async () => {
    const nodes = [await start(), await start()]
    const note = { userId: 'anna', message: 'm' }
    const send = async (index: number, more: object) =>
      nodes[index % 2]?.parts.notifications.notifications.notifyUser({ ...note, title: `${index}`, ...more })
    const forty = Array.from({ length: 40 }, (_, index) => index)
    const once = await Promise.all(forty.map((index) => send(index, { dedupe: { key: 'k', window: '10m' } })))
    expect(once.filter((receipt) => receipt?.outcome === 'created')).toHaveLength(1)
    await Promise.all(forty.map((index) => send(index, {})))
    const stored = await nodes[0]?.parts.notifications.notifications.feed.read('anna', 0, 100, 100)
    expect(stored?.map(({ offset }) => offset)).toEqual(Array.from({ length: 41 }, (_, index) => index + 1))
  })

  test('with FOCUS_DATABASE_DIRECT_URL, nodes listen at the server itself', async () => {
    const options = { databaseDirectUrl: direct }
    const [sender, receiver] = [await start(options), await start(options)]
    await connect(sender, receiver)
    await receiver.parts.cluster.broker.subscribe('anna')
    await expect.poll(() => listenersOf(direct)).toBe(2)
    await sender.send('anna', '1', '2')
    await expect.poll(() => titles(receiver, 'anna')).toEqual(['1', '2'])
    expect([...sender.logger.lines, ...receiver.logger.lines].filter(({ level }) => level === 'warn')).toEqual([])
  })

  test('without it, nodes notice that they listen in vain, say so once, and poll', async () => {
    const [sender, receiver] = [await start(), await start()]
    await connect(sender, receiver)
    await receiver.parts.cluster.broker.subscribe('anna')
    await sender.send('anna', '1')
    await expect.poll(() => titles(receiver, 'anna')).toEqual(['1'])
    const warnings = () => receiver.logger.lines.filter(({ level }) => level === 'warn')
    await expect.poll(() => warnings().length, { timeout: 30_000 }).toBe(1)
    await sender.send('anna', '2')
    await expect.poll(() => titles(receiver, 'anna')).toEqual(['1', '2'])
    expect(warnings()).toMatchObject([{ fields: { hint: expect.stringContaining('FOCUS_DATABASE_DIRECT_URL') } }])
    expect(receiver.parts.cluster.broker.connected).toBe(true)
  })

  test('nothing of Focus stays in the sessions of the server', async () => {
    const [one, other] = [await start(), await start()]
    await connect(one, other)
    const { user } = await one.parts.auth.auth.accounts.signIn(profileOf('anna'))
    await one.parts.auth.auth.sessions.start(user, 'test')
    await Promise.all(
      [one, other].flatMap((node) => Array.from({ length: 8 }, (_, index) => node.send(`${index}`, 'a'))),
    )
    const hasFailed = ({ logger }: FocusNode) => logger.lines.some(({ level }) => level === 'warn')
    await expect.poll(() => hasFailed(one) && hasFailed(other), { timeout: 30_000 }).toBe(true)
    for (const node of open.splice(0)) await node.close()
    expect(await leftInSessions(pooled)).toEqual([])
  })
})

async function listenersOf(url: string): Promise<number> {
  const listeners = `select 1 from pg_stat_activity
    where application_name = 'focus listener' and datname = current_database()`
  let count = 0
  await withClient(url, async (client) => {
    count = (await client.query(listeners)).rows.length
  })
  return count
}

/** Returns what the sessions that the pooler lends to everybody still hold. */
async function leftInSessions(url: string): Promise<unknown[]> {
  const clients = Array.from({ length: poolSize }, () => new Client({ connectionString: url }))
  try {
    const left: unknown[] = []
    for (const client of clients) {
      await client.connect()
      // Holds the session, so that the next client gets another one.
      await client.query('begin')
      const { rows } = await client.query(leftovers)
      left.push(...rows)
    }
    return left
  } finally {
    await Promise.all(clients.map((client) => client.end()))
  }
}

/** The pooler itself applies the first settings for its clients. */
const leftovers = `select 'setting' as kind, name || ' = ' || setting as what from pg_settings where source = 'session'
    and name not in ('client_encoding', 'DateStyle', 'TimeZone', 'standard_conforming_strings', 'application_name')
  union all select 'focus setting', current_setting('focus.batch', true) where current_setting('focus.batch', true) <> ''
  union all select 'statement', name from pg_prepared_statements
  union all select 'channel', pg_listening_channels()
  union all select 'lock', locktype from pg_locks where pid = pg_backend_pid() and locktype = 'advisory'`
