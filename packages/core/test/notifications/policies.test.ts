import { expect, test } from 'vitest'
import { newYear2030 } from '@focus-api/test-kit/values/times'
import { manualClock } from '@focus-api/core/testing'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { defineNotifications } from '../../src/notifications/catalogue/define.ts'
import { nodesOf } from './support/suite.ts'

const note = { userId: 1, title: 't', message: 'm', event: 'limits' }

describeOverDatabases('policies', (databases) => {
  const { open, start } = nodesOf(databases)

  test('of racing duplicates with one key, one is sent; after the window, another', async () => {
    const { notifications, clock } = await start()
    const dedupe = { key: 'k', window: '10m' }
    const receipts = await Promise.all(Array.from({ length: 50 }, () => notifications.notifyUser({ ...note, dedupe })))
    expect(receipts.filter((receipt) => receipt.outcome === 'created')).toHaveLength(1)
    expect(receipts.filter((receipt) => receipt.outcome === 'suppressed')).toHaveLength(49)
    expect(await notifications.notifyUser({ ...note, userId: 2, dedupe })).toMatchObject({ outcome: 'created' })
    clock.advance(10 * 60_000)
    expect(await notifications.notifyUser({ ...note, dedupe })).toMatchObject({ outcome: 'created' })
  })

  test('notifications of muted topics are suppressed in the commit, scheduled ones too', async () => {
    const clock = manualClock(newYear2030)
    const router = { route: async () => ({ deliveries: [], unlessMuted: true }) }
    const node = await open({ runtime: { clock }, router })
    const { notifications, database, events } = node
    const muted = { outcome: 'suppressed', reason: 'preference' }
    const dedupe = { key: 'k' }
    const later = { ...note, deliverAt: new Date(clock() + 60_000) }
    expect(await notifications.notifyUser(later)).toMatchObject({ outcome: 'scheduled' })
    await database.db
      .insertInto('focus_preferences')
      .values([
        { user_key: '1', event: 'limits', transport: '*', enabled: 0 },
        { user_key: '1', event: '__proto__', transport: '*', enabled: 0 },
        { user_key: '2', event: '*', transport: '*', enabled: 0 },
        { user_key: '2', event: 'limits', transport: '*', enabled: 1 },
        { user_key: '3', event: 'limits', transport: 'mail', enabled: 0 },
      ])
      .execute()
    const send = (userId: number, event: string, more: object = {}) =>
      notifications.notifyUser({ ...note, userId, event, ...more })
    const receipts = await Promise.all([
      send(1, 'limits', { dedupe }),
      send(1, '__proto__'),
      send(2, 'other'),
      send(1, 'other', { dedupe }),
      send(2, 'limits'),
      send(3, 'limits'),
    ])
    expect(receipts.slice(0, 3)).toEqual([muted, muted, muted])
    expect(receipts.slice(3).map(({ outcome }) => outcome)).toEqual(['created', 'created', 'created'])
    clock.advance(60_000)
    await notifications.sequence()
    expect(await database.db.selectFrom('focus_scheduled').selectAll().execute()).toEqual([])
    expect(events.map(({ userKey, event, offset }) => [userKey, event, offset])).toEqual([
      ['1', 'other', 1],
      ['2', 'limits', 1],
      ['3', 'limits', 1],
    ])
  })

  test('a group is one notification that counts, moves to the head and is unread again', async () => {
    const { notifications, events } = await start()
    const group = { key: 'post', message: '{count, plural, one {# new comment} other {# new comments}}' }
    const first = await notifications.notifyUser({ ...note, group })
    await notifications.notifyUser({ ...note, userId: 1 })
    await notifications.markRead(1, { all: true })
    await notifications.notifyUser({ ...note, group })
    const third = await notifications.notifyUser({ ...note, group, title: 'newest' })
    expect(third).toEqual({ outcome: 'merged', id: 'id' in first ? first.id : '', offset: 4 })
    const { notifications: inbox, unreadCount } = await notifications.inbox(1)
    expect(
      inbox.map(({ offset, count, title, message, readAt }) => [offset, count, title, message, readAt === null]),
    ).toEqual([
      [4, 3, 'newest', '3 new comments', true],
      [2, 1, 't', 'm', false],
    ])
    expect(unreadCount).toBe(1)
    expect(events.map((event) => event.offset)).toEqual([1, 2, 3, 4])
  })

  test('a group starts again after its deletion or its window', async () => {
    const { notifications, clock } = await start()
    const group = { key: 'post', window: '1h' }
    const first = await notifications.notifyUser({ ...note, group })
    await notifications.delete(1, 'id' in first ? first.id : '')
    expect(await notifications.notifyUser({ ...note, group })).toMatchObject({ outcome: 'created', offset: 2 })
    clock.advance(60 * 60_000)
    expect(await notifications.notifyUser({ ...note, group })).toMatchObject({ outcome: 'created', offset: 3 })
  })

  test('a rate accepts its limit within any window, and drops the rest', async () => {
    const { notifications, clock } = await start()
    const rate = { limit: 2, window: '1m' }
    const outcomes: string[] = []
    for (let second = 0; second < 120; second += 10) {
      outcomes.push((await notifications.notifyUser({ ...note, rate })).outcome)
      clock.advance(10_000)
    }
    const c = 'created'
    const s = 'suppressed'
    expect(outcomes).toEqual([c, c, s, s, s, s, c, c, s, s, s, s])
  })

  test('notifications beyond a rate are merged into the last one within it', async () => {
    const { notifications } = await start()
    const rate = { limit: 1, window: '1m', overflow: 'group' } as const
    await notifications.notifyUser({ ...note, rate })
    expect(await notifications.notifyUser({ ...note, rate })).toMatchObject({ outcome: 'merged', offset: 2 })
    const { notifications: inbox } = await notifications.inbox(1)
    expect(inbox).toHaveLength(1)
    expect(inbox[0]?.count).toBe(2)
  })

  test('notifications beyond a rate do not change the group of their target', async () => {
    const { notifications, events } = await start()
    const rate = { limit: 1, window: '1m', overflow: 'group' } as const
    const ofGroup = (key: string) => notifications.notifyUser({ ...note, rate, group: { key } })
    await ofGroup('posts')
    // From the table, then two in one batch.
    expect(await ofGroup('likes')).toMatchObject({ outcome: 'merged', offset: 2 })
    await Promise.all([notifications.notifyUser({ ...note, rate }), ofGroup('likes')])
    expect(await ofGroup('posts')).toMatchObject({ outcome: 'merged', offset: 5 })
    expect(events.map(({ groupKey, count }) => [groupKey, count])).toEqual([
      ['posts', 1],
      ['posts', 2],
      ['posts', 3],
      ['posts', 4],
      ['posts', 5],
    ])
  })

  test('notifications beyond a rate wait until it has room', async () => {
    const { notifications, clock, events } = await start()
    const rate = { limit: 1, window: '1m', overflow: 'defer' } as const
    const dedupe = { key: 'own', window: '1h' }
    await notifications.notifyUser({ ...note, rate })
    expect(await notifications.notifyUser({ ...note, rate, dedupe })).toMatchObject({ outcome: 'deferred' })
    await notifications.sequence()
    expect(events).toHaveLength(1)
    clock.advance(60_000)
    await notifications.sequence()
    expect(events.map((event) => event.offset)).toEqual([1, 2])
  })

  test('critical notifications pass every policy', async () => {
    const { notifications } = await start()
    const policies = { rate: { limit: 1, window: '1m' }, dedupe: { key: 'k' } }
    await notifications.notifyUser({ ...note, ...policies })
    expect(await notifications.notifyUser({ ...note, ...policies, critical: true })).toMatchObject({
      outcome: 'created',
    })
  })

  test('definitions have policies, which a call may override', async () => {
    const catalogue = defineNotifications({
      commentAdded: {
        event: 'comments',
        params: { author: 'string', post: 'string', words: 'number?' },
        title: { fr: 'Nouveau commentaire', en: 'New comment' },
        message: { fr: '{author} a commenté', en: '{author} commented' },
        group: {
          key: 'post:{post}',
          message: {
            fr: '{count, plural, one {# commentaire} other {# commentaires}} sur {post}',
            en: '{count, plural, one {# comment} other {# comments}} on {post}',
          },
        },
      },
    })
    const node = await open({ catalogue })
    const { notifications } = node
    await notifications.notify('commentAdded', { userId: 2, author: 'Alice', post: 'Hello' })
    await notifications.notify('commentAdded', { userId: 2, author: 'Bob', post: 'Hello' })
    await notifications.notify(
      'commentAdded',
      { userId: 2, author: 'Eve', post: 'Other' },
      { group: null, locale: 'fr' },
    )
    const { notifications: inbox } = await notifications.inbox(2)
    expect(inbox.map((item) => [item.message, item.count, item.data])).toEqual([
      ['Eve a commenté', 1, { author: 'Eve', post: 'Other' }],
      ['2 comments on Hello', 2, { author: 'Bob', post: 'Hello' }],
    ])
  })
})
