import { expect, test, vi } from 'vitest'
import { manualClock } from '@focus-api/core/testing'
import { newYear2030 } from '@focus-api/test-kit/values/times'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { FocusError } from '../../../src/common/errors.ts'
import type { LogEntry } from '../../../src/notifications/log-entry-port.ts'
import { nodesOf } from '../support/suite.ts'
import { type Node, people } from '../support/node.ts'

const note = { userId: 1, title: 'own title', message: 'own message' }

/** Merged texts that an earlier version accepted, with a missing param. */
const poisoned = {
  key: 'g',
  windowMs: 3_600_000,
  merged: { title: '{missing}', message: '{missing}', locale: 'en', params: {} },
}

function entryOf(id: string, changes: Partial<LogEntry> = {}): LogEntry {
  return {
    id,
    userKey: '1',
    type: 'info',
    title: 'own title',
    message: 'own message',
    event: null,
    data: '{}',
    createdAt: 0,
    expiresAt: null,
    deliverAt: null,
    policies: null,
    deliveries: [],
    routing: null,
    source: null,
    ...changes,
  }
}

const idOf = (n: number) => `${n}`.padStart(36, '0')

function parkedRows({ database }: Node) {
  return database.db.selectFrom('focus_parked').selectAll().orderBy('id').execute()
}

describeOverDatabases('R7: a notification that cannot be sent', (databases) => {
  const { open, start } = nodesOf(databases)

  test.each([
    [
      'a text of the caller’s own',
      (node: Node) => node.notifications.notifyUser({ ...note, group: { key: 'g', title: '{missing}' } }),
    ],
    [
      'a text that is empty Unicode',
      (node: Node) => node.notifications.notifyUser({ ...note, group: { key: 'g', message: '\ud800{count}' } }),
    ],
    [
      'what a transaction leaves',
      async (node: Node) => node.notifications.pendingInsert({ ...note, group: { key: 'g', title: '{missing}' } }),
    ],
    [
      'something scheduled',
      (node: Node) =>
        node.notifications.notifyUser({
          ...note,
          deliverAt: new Date(Date.UTC(2031, 0, 1)),
          group: { key: 'g', message: '{count, plural, other {{missing}}}' },
        }),
    ],
  ])('is refused when it is accepted: %s', async (_, send) => {
    await expect(send(await start())).rejects.toMatchObject({ code: 'invalid_notification', status: 400 })
  })

  test('is refused when a catalogue’s text of a group lacks a param', async () => {
    const node = await open({
      catalogue: {
        flawed: {
          params: { author: 'string?' },
          title: { en: 't' },
          message: { en: 'm' },
          group: { key: 'g', title: { en: '{count} comments of {author}' } },
        },
      },
    })
    await expect(node.notifications.notify('flawed', { userId: 1 })).rejects.toMatchObject({
      code: 'invalid_notification',
    })
    expect(await node.notifications.notify('flawed', { userId: 1, author: 'A' })).toMatchObject({ outcome: 'created' })
  })

  test('keeps its own text if a text of its group cannot be filled later', async () => {
    const { notifications, log } = await start()
    await notifications.notifyUser({ ...note, group: { key: 'g' } })
    const policies = { dedupe: null, group: poisoned, rate: null }
    expect(await log.append(entryOf(idOf(1), { title: 'second', policies }))).toMatchObject({ outcome: 'merged' })
    const only = '{count, plural, =2 {two} other {{author} and others}}'
    await notifications.notifyUser({ ...note, title: 'third', group: { key: 'h', title: only } })
    await notifications.notifyUser({ ...note, title: 'fourth', group: { key: 'h', title: only } })
    await notifications.notifyUser({ ...note, title: 'fifth', group: { key: 'h', title: only } })
    expect((await notifications.inbox(1)).notifications.map(({ title, count }) => [title, count])).toEqual([
      ['fifth', 3],
      ['second', 2],
    ])
  })

  test('gets its texts if the tag of the user’s language is not canonical', async () => {
    const users = { ...people, get: async () => ({ id: 1, locale: 'fr_FR', emailVerified: true, createdAt: 0 }) }
    const node = await open({ users })
    const group = { key: 'g', message: '{count, plural, one {# nouveau} other {# nouveaux}}' }
    await node.notifications.notifyUser({ ...note, group })
    await node.notifications.notifyUser({ ...note, group })
    expect(node.events.map(({ message }) => message)).toEqual(['own message', '2 nouveaux'])
  })

  test('does not hold up others, is retried with growing delays, then waits for an operator with its reason', {
    timeout: 120_000,
  }, async () => {
    const node = await start()
    const { notifications, database, clock, events } = node
    // More rows than one pass takes, due before the good one. The database refuses a row without a type.
    const poison = { ...entryOf(idOf(0)), type: null }
    const rows = Array.from({ length: 501 }, (_, n) => ({
      id: idOf(n),
      due_at: 1,
      entry: JSON.stringify({ ...poison, id: idOf(n) }),
    }))
    for (let from = 0; from < rows.length; from += 100) {
      await database.db
        .insertInto('focus_scheduled')
        .values(rows.slice(from, from + 100))
        .execute()
    }
    await notifications.notifyUser({ ...note, title: 'good', deliverAt: new Date(clock() + 1_000) })
    clock.advance(1_000)
    // A thousand refused transactions take a slow database several passes.
    await vi.waitFor(async () => {
      await notifications.sequence()
      expect(await database.db.selectFrom('focus_scheduled').selectAll().execute()).toEqual([])
    }, 90_000)
    expect(events.map(({ title }) => title)).toEqual(['good'])
    const parked = await parkedRows(node)
    expect(parked).toHaveLength(501)
    expect(await node.log.parkedCounts()).toEqual({ retried: 501, parked: 0 })
    expect(parked[0]).toMatchObject({ source: 'scheduled', attempts: 1, retry_at: clock() + 1_000 })
    // No row is retried before its time.
    expect(await notifications.sequence()).toBe(0)
    await database.db.deleteFrom('focus_parked').where('id', '>', idOf(0)).execute()
    const waits: number[] = []
    for (;;) {
      const [row] = await parkedRows(node)
      if (!row || row.retry_at === null) break
      waits.push(row.retry_at - clock())
      clock.advance(row.retry_at - clock())
      await notifications.sequence()
    }
    expect(waits).toHaveLength(19)
    expect(waits.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000])
    expect(waits.at(-1)).toBe(3_600_000)
    const [row] = await parkedRows(node)
    expect(row).toMatchObject({ attempts: 20, retry_at: null, reason: expect.stringContaining('storage_unavailable') })
    clock.advance(86_400_000)
    expect(await notifications.sequence()).toBe(0)
    // An operator repairs the row and lets it be retried.
    await database.db
      .updateTable('focus_parked')
      .set({ retry_at: 0, content: JSON.stringify(entryOf(idOf(0), { title: 'repaired' })) })
      .execute()
    await notifications.sequence()
    expect(events.map(({ title }) => title)).toEqual(['good', 'repaired'])
    expect(await parkedRows(node)).toEqual([])
  })

  test('is kept with its reason when a transaction stored it, can be cancelled, and is deleted in the end', async () => {
    const node = await start()
    const { notifications, database, clock, log } = node
    await notifications.transaction(database.db, async (_, inside) => {
      await inside.notifyUser({ ...note, userId: 9_999 })
      await inside.notifyUser({ ...note, userId: 9_998 })
    })
    await notifications.sequence()
    expect(await log.parkedCounts()).toEqual({ retried: 0, parked: 2 })
    const [first, second] = await parkedRows(node)
    expect(first).toMatchObject({ source: 'pending', retry_at: null, reason: expect.stringContaining('unknown_user') })
    expect(await notifications.cancel(first?.id ?? '')).toBe(true)
    clock.advance(91 * 86_400_000)
    await log.upkeep()
    expect(second).toBeDefined()
    expect(await parkedRows(node)).toEqual([])
  })

  test('while the application’s users table is unavailable is sent once it is back', async () => {
    let away = true
    const users = {
      ...people,
      get: (id: string | number) => (away ? Promise.reject(new Error('the directory is away')) : people.get(id)),
    }
    const clock = manualClock(newYear2030)
    const node = await open({ users, runtime: { clock } })
    await node.notifications.transaction(node.database.db, (_, inside) => inside.notifyUser(note))
    await node.notifications.sequence()
    expect(node.events).toEqual([])
    away = false
    clock.advance(1_000)
    await node.notifications.sequence()
    expect(node.events.map(({ title }) => title)).toEqual(['own title'])
  })

  test('while the database is overloaded keeps its row until later', async () => {
    let busy = true
    const overloaded = new FocusError('overloaded', 'The database has too much to do.', { retryAfterSeconds: 5 })
    const users = { ...people, get: (id: string | number) => (busy ? Promise.reject(overloaded) : people.get(id)) }
    const node = await open({ users })
    await node.notifications.transaction(node.database.db, (_, inside) => inside.notifyUser(note))
    await expect(node.notifications.sequence()).rejects.toBe(overloaded)
    expect(await parkedRows(node)).toEqual([])
    busy = false
    await node.notifications.sequence()
    expect(node.events.map(({ title }) => title)).toEqual(['own title'])
  })
})
