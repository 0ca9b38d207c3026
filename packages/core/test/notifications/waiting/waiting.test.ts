import knex, { type Knex } from 'knex'
import { sql } from 'kysely'
import { afterEach, expect, test, vi } from 'vitest'
import { newYear2030 } from '@focus-api/test-kit/values/times'
import { manualClock, type ManualClock } from '@focus-api/core/testing'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { defineNotifications } from '../../../src/notifications/catalogue/define.ts'
import { silentLogger } from '../../../src/common/logging/logger.ts'
import { type Node, startNode } from '../support/node.ts'
import { nodesOf } from '../support/suite.ts'

const minute = 60_000

describeOverDatabases('a waiting notification', (databases) => {
  const opened: Array<{ close(): Promise<void> }> = []
  afterEach(async () => {
    for (const thing of opened.splice(0).toReversed()) await thing.close()
  })

  async function start(): Promise<Node & { clock: ManualClock; url: string }> {
    const url = await databases.create()
    const clock = manualClock(newYear2030)
    const node = await startNode(url, { runtime: { clock } })
    opened.push(node)
    return { ...node, clock, url }
  }

  test('is delivered once when it is due, whichever node takes it', async () => {
    const { notifications, events, clock, url } = await start()
    const other = await startNode(url, { runtime: { clock } })
    opened.push(other)
    const receipt = await notifications.notifyUser({
      userId: 1,
      title: 't',
      message: 'm',
      deliverAt: new Date(clock() + minute),
    })
    expect(receipt).toMatchObject({ outcome: 'scheduled' })
    await notifications.sequence()
    expect(events).toHaveLength(0)
    clock.advance(minute)
    await Promise.all([notifications.sequence(), other.notifications.sequence()])
    const delivered = [...events, ...other.events]
    expect(delivered.map(({ id, offset, timestamp }) => [id, offset, timestamp])).toEqual([
      ['id' in receipt ? receipt.id : '', 1, clock()],
    ])
  })

  test('can be cancelled until it is delivered', async () => {
    const { notifications, events, clock } = await start()
    const deliverAt = new Date(clock() + minute)
    const kept = await notifications.notifyUser({ userId: 1, title: 'kept', message: 'm', deliverAt })
    const cancelled = await notifications.notifyUser({ userId: 1, title: 'cancelled', message: 'm', deliverAt })
    const idOf = (receipt: object) => ('id' in receipt ? String(receipt.id) : '')
    expect(await notifications.cancel(idOf(cancelled))).toBe(true)
    expect(await notifications.cancel(idOf(cancelled))).toBe(false)
    clock.advance(minute)
    await notifications.sequence()
    expect(events.map((event) => event.title)).toEqual(['kept'])
    expect(await notifications.cancel(idOf(kept))).toBe(false)
  })

  test('is not delivered after it has expired, and leaves the inbox when it expires there', async () => {
    const { notifications, log, clock } = await start()
    const expiresAt = new Date(clock() + 2 * minute)
    await notifications.notifyUser({ userId: 1, title: 'soon stale', message: 'm', expiresAt })
    await notifications.notifyUser({
      userId: 1,
      title: 'late',
      message: 'm',
      expiresAt,
      deliverAt: new Date(clock() + minute),
    })
    await notifications.notifyUser({ userId: 1, title: 'stays', message: 'm' })
    expect((await notifications.inbox(1)).unreadCount).toBe(2)
    clock.advance(2 * minute)
    expect(await notifications.sequence()).toBe(1)
    // A user who returns before the removal.
    expect((await notifications.feed.read('1', 0, 2, 10)).map(({ title }) => title)).toEqual(['stays'])
    await log.upkeep()
    const { notifications: inbox, unreadCount } = await notifications.inbox(1)
    expect(inbox.map((item) => item.title)).toEqual(['stays'])
    expect(unreadCount).toBe(1)
    expect(await notifications.sequence()).toBe(0)
  })

  test('is committed or rolled back with its transaction', async () => {
    const { notifications, events, database } = await start()
    await sql`create table orders (id integer)`.execute(database.db)
    await expect(
      notifications.transaction(database.db, async (trx, inside) => {
        await sql`insert into orders values (1)`.execute(trx)
        expect(await inside.notifyUser({ userId: 1, title: 'lost', message: 'm' })).toMatchObject({
          outcome: 'pending',
        })
        throw new Error('no order after all')
      }),
    ).rejects.toThrow('no order after all')
    await notifications.transaction(database.db, async (trx, inside) => {
      await sql`insert into orders values (2)`.execute(trx)
      await inside.notify('limitWarning', { userId: 2, appName: 'Instagram', percentage: 80 })
    })
    await notifications.sequence()
    expect(events.map(({ userKey, offset, message }) => [userKey, offset, message])).toEqual([
      ['2', 1, 'You have used 80% of your limit for Instagram'],
    ])
  })

  test('cannot be sent past an open transaction', async () => {
    const { notifications, database } = await start()
    const sent = notifications.transaction(database.db, () =>
      notifications.notifyUser({ userId: 1, title: 't', message: 'm' }),
    )
    await expect(sent).rejects.toMatchObject({ code: 'inside_transaction' })
  })

  test('can be sent by work that outlives its transaction', async () => {
    const { notifications, events, database } = await start()
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    let later: Promise<unknown> = Promise.resolve()
    await notifications.transaction(database.db, async () => {
      later = ended.then(() => notifications.notifyUser({ userId: 1, title: 't', message: 'm' }))
    })
    end()
    expect(await later).toMatchObject({ outcome: 'created' })
    expect(events).toHaveLength(1)
  })

  test('is refused immediately if its content is invalid', async () => {
    const { notifications } = await start()
    expect(() => notifications.pendingInsert({ userId: 1, title: '', message: 'm' })).toThrow(
      expect.objectContaining({ code: 'invalid_notification' }),
    )
  })

  test('can be stored with any query builder', async () => {
    const { notifications, events, url } = await start()
    const db = openKnex(url)
    opened.push({ close: () => db.destroy() })
    const { sql, parameters } = notifications.pendingInsert({ userId: 3, title: 'from elsewhere', message: 'm' })
    await db.transaction((trx) => trx.raw(sql, parameters as Knex.RawBinding[]))
    await notifications.sequence()
    expect(events.map(({ userKey, title }) => [userKey, title])).toEqual([['3', 'from elsewhere']])
  })

  test('goes to the stream of the id that the directory returns', async () => {
    const { notifications, events, database } = await start()
    await notifications.transaction(database.db, async (_, inside) => {
      await inside.notifyUser({ userId: '01', title: 'after the commit', message: 'm' })
    })
    await notifications.sequence()
    await notifications.notifyUser({ userId: '01', title: 'at once', message: 'm' })
    expect(events.map(({ userKey, offset, title }) => [userKey, offset, title])).toEqual([
      ['1', 1, 'after the commit'],
      ['1', 2, 'at once'],
    ])
  })

  test('for an unknown user is parked and does not hold up the rest', async () => {
    const { notifications, database, events } = await start()
    await notifications.transaction(database.db, async (_, inside) => {
      await inside.notifyUser({ userId: 9_999, title: 'nobody', message: 'm' })
      await inside.notifyUser({ userId: 1, title: 'somebody', message: 'm' })
    })
    await notifications.sequence()
    expect(events.map((event) => event.title)).toEqual(['somebody'])
    expect(await notifications.sequence()).toBe(0)
  })
})

describeOverDatabases('unreadable waiting rows', (databases) => {
  test('are logged once and parked, however many, and do not hold up others', async () => {
    const errors: unknown[] = []
    const catalogue = defineNotifications({
      flawed: {
        params: { step: 'number' },
        title: { en: 't' },
        message: { en: 'm' },
        data: ({ step }) => {
          if (step > 0) throw new TypeError('there are no further steps')
          return { step }
        },
      },
    })
    const logger = { ...silentLogger, error: (_: string, fields?: object) => void errors.push(fields) }
    const node = await startNode(await databases.create(), { catalogue, runtime: { logger } })
    try {
      const unreadable = [
        '{',
        '',
        'null',
        '5',
        '[]',
        '{"userKey":"1"}',
        '{"userKey":1,"content":{}}',
        '{"userKey":"1","content":[]}',
        '{"userKey":"1","name":7,"content":{}}',
        '{"userKey":"1","name":"flawed","params":{"step":1},"content":{}}',
      ]
      const requests = Array.from({ length: 505 }, (_, n) => unreadable[n % unreadable.length] ?? '')
      const row = (n: number, request: string) => ({ id: `${n}`.padStart(36, '0'), request, created_at: 0 })
      await node.database.db
        .insertInto('focus_pending')
        .values(requests.map((request, n) => row(n, request)))
        .execute()
      await node.notifications.transaction(node.database.db, async (_, inside) => {
        await inside.notifyUser({ userId: 1, title: 'good', message: 'm' })
      })
      await node.database.db
        .insertInto('focus_scheduled')
        .values({ id: 'damaged', due_at: 1, entry: '{"id":' })
        .execute()
      await node.notifications.sequence()
      expect(node.events.map((event) => event.title)).toEqual(['good'])
      const told = errors.length
      expect(told).toBe(requests.length + 1)
      for (const table of ['scheduled', 'pending']) {
        expect(errors).toContainEqual(
          expect.objectContaining({ table, error: expect.objectContaining({ code: 'invalid_notification' }) }),
        )
      }
      expect(await node.notifications.sequence()).toBe(0)
      expect(errors).toHaveLength(told)
    } finally {
      await node.close()
    }
  })
})

describeOverDatabases('repeated calls', (databases) => {
  const { nodes, open } = nodesOf(databases)

  test('with one key send once and return the same receipt, on any node and in any race', async () => {
    const url = await databases.create()
    const clock = manualClock(newYear2030)
    const two = [await startNode(url, { runtime: { clock } }), await startNode(url, { runtime: { clock } })]
    nodes.push(...two)
    const send = async (n: number, message = 'm') =>
      two[n % 2]?.notifications.notifyUser({ userId: 1, title: 't', message }, { idempotencyKey: 'order-7' })
    const receipts = await Promise.all(Array.from({ length: 10 }, (_, n) => send(n)))
    expect(new Set(receipts.map((receipt) => JSON.stringify(receipt))).size).toBe(1)
    expect(two.flatMap((node) => node.events)).toHaveLength(1)
    await expect(send(0, 'something else')).rejects.toMatchObject({ code: 'idempotency_conflict', status: 422 })
    clock.advance(24 * 60 * minute)
    expect(await send(1)).toMatchObject({ outcome: 'created', offset: 2 })
  })

  test('can reuse the key if the first was refused', async () => {
    const node = await open()
    const send = (title: string) =>
      node.notifications.notifyUser({ userId: 1, title, message: 'm' }, { idempotencyKey: 'k' })
    await expect(send('')).rejects.toMatchObject({ code: 'invalid_notification' })
    expect(await send('t')).toMatchObject({ outcome: 'created' })
  })

  test('that resume a dead call send the rest of it', async () => {
    const clock = manualClock(newYear2030)
    const node = await open({ runtime: { clock } })
    const { idempotency, recipients } = node.notifications
    const [one, two] = [await recipients.require(1), await recipients.require(2)]
    const send = node.notifications.prepare({ content: { title: 't', message: 'm' } })
    // Sends to the first of two, then dies without an answer; its lease ends.
    void idempotency.run('k', 'both', async (ids) => {
      await send(one, ids)
      return new Promise<never>(() => undefined)
    })
    await vi.waitFor(() => expect(node.events).toHaveLength(1))
    clock.advance(31_000)
    const answer = await idempotency.run('k', 'both', async (ids) => [await send(one, ids), await send(two, ids)])
    expect(answer).toMatchObject([
      { outcome: 'created', offset: 1 },
      { outcome: 'created', offset: 1 },
    ])
    expect(node.events.map((event) => event.userKey)).toEqual(['1', '2'])
  })
})

function openKnex(url: string): Knex {
  if (url.startsWith('sqlite:')) {
    const connection = { filename: url.slice('sqlite:'.length) }
    return knex({ client: 'better-sqlite3', useNullAsDefault: true, connection })
  }
  return knex({ client: url.startsWith('mysql:') ? 'mysql2' : 'pg', connection: url })
}
