import { expect, test, vi } from 'vitest'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { nodesOf } from '../support/suite.ts'

const note = { userId: 1, title: 't', message: 'm', event: 'limits' }
const yearMs = 365 * 86_400_000
const minuteMs = 60_000

describeOverDatabases('R15: after a clock was a year ahead and set back', (databases) => {
  const { start } = nodesOf(databases)

  test('a rate does not count times in the future', async () => {
    const { notifications, clock } = await start()
    const rate = { limit: 1, window: '1m' }
    clock.advance(yearMs)
    await notifications.notifyUser({ ...note, rate })
    clock.advance(-yearMs)
    expect(await notifications.notifyUser({ ...note, rate })).toMatchObject({ outcome: 'created' })
    expect(await notifications.notifyUser({ ...note, rate })).toMatchObject({ outcome: 'suppressed', reason: 'rate' })
    clock.advance(minuteMs)
    expect(await notifications.notifyUser({ ...note, rate })).toMatchObject({ outcome: 'created' })
  })

  test('a duplicate is suppressed for its window and no longer', async () => {
    const { notifications, clock } = await start()
    const dedupe = { key: 'k', window: '10m' }
    clock.advance(yearMs)
    await notifications.notifyUser({ ...note, dedupe })
    clock.advance(-yearMs)
    expect(await notifications.notifyUser({ ...note, dedupe })).toMatchObject({ reason: 'duplicate' })
    clock.advance(10 * minuteMs)
    expect(await notifications.notifyUser({ ...note, dedupe })).toMatchObject({ outcome: 'created' })
  })

  test('a group merges others for its window and no longer, and so does a rate that groups', async () => {
    const { notifications, clock } = await start()
    const group = { key: 'k', window: '10m' }
    const rate = { limit: 1, window: '10m', overflow: 'group' } as const
    clock.advance(yearMs)
    await notifications.notifyUser({ ...note, group })
    await notifications.notifyUser({ ...note, userId: 2, rate })
    clock.advance(-yearMs)
    expect(await notifications.notifyUser({ ...note, group })).toMatchObject({ outcome: 'merged' })
    expect(await notifications.notifyUser({ ...note, userId: 2, rate })).toMatchObject({ outcome: 'created' })
    clock.advance(10 * minuteMs)
    expect(await notifications.notifyUser({ ...note, group })).toMatchObject({ outcome: 'created' })
    expect(await notifications.notifyUser({ ...note, userId: 2, rate })).toMatchObject({ outcome: 'created' })
  })

  test('deferred notifications are sent as soon as their rate has room, with or without a later call', async () => {
    const { notifications, log, clock, events } = await start()
    const rate = { limit: 1, window: '1m', overflow: 'defer' } as const
    clock.advance(yearMs)
    for (const userId of [1, 2]) {
      await notifications.notifyUser({ ...note, userId, rate })
      await notifications.notifyUser({ ...note, userId, title: 'held back', rate })
    }
    clock.advance(-yearMs)
    expect(await notifications.notifyUser({ ...note, title: 'later', rate })).toMatchObject({ outcome: 'created' })
    expect(await notifications.notifyUser({ ...note, title: 'latest', rate })).toMatchObject({ outcome: 'deferred' })
    await log.upkeep()
    for (let minutes = 0; minutes < 3; minutes += 1) {
      await notifications.sequence()
      clock.advance(minuteMs)
    }
    const titles = (key: string) => events.flatMap(({ userKey, title }) => (userKey === key ? [title] : []))
    expect(titles('1')).toEqual(['t', 'later', 'latest', 'held back'])
    expect(titles('2')).toEqual(['t', 'held back'])
  })

  test('parked notifications are retried', async () => {
    const { notifications, log, database, clock } = await start()
    await database.db
      .insertInto('focus_parked')
      .values({
        id: 'x',
        source: 'scheduled',
        content: '{',
        attempts: 3,
        retry_at: clock() + yearMs,
        reason: '',
        parked_at: clock(),
      })
      .execute()
    await log.upkeep()
    expect(await notifications.sequence()).toBe(1)
  })

  test('a call that died with its idempotency key is resumed', async () => {
    const { notifications, database, clock } = await start()
    const { idempotency } = notifications
    clock.advance(yearMs)
    void idempotency.run('k', 'request', () => new Promise<never>(() => undefined))
    await vi.waitFor(async () => {
      expect(await database.db.selectFrom('focus_one_time').selectAll().execute()).toHaveLength(1)
    })
    clock.advance(-yearMs)
    expect(await idempotency.run('k', 'request', async () => 'taken up')).toBe('taken up')
  })
})
