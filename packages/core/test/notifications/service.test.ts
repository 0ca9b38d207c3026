import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { openApplicationKysely } from '@focus-api/test-kit/databases/application-kysely'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import type { Notifications } from '../../src/notifications/create-notifications.ts'
import { startNode } from './support/node.ts'
import { nodesOf } from './support/suite.ts'

describeOverDatabases('notifications', (databases) => {
  const { nodes, open } = nodesOf(databases)

  test('have the French texts of the guide', async () => {
    const { notifications, events } = await open()
    await notifications.notifyLimitWarning({ userId: 1, appName: 'Instagram', percentage: 80.0 })
    expect(events[0]).toMatchObject({
      type: 'warning',
      event: 'limits',
      title: 'Limite bientot atteinte',
      message: 'Vous avez utilise 80% de votre limite pour Instagram',
      data: { app_name: 'Instagram', percentage: 80 },
    })
  })

  test('have texts in the language of the user', async () => {
    const { notifications, events } = await open()
    await notifications.notifyLimitWarning({ userId: 2, appName: 'Instagram', percentage: 80 })
    expect(events[0]?.message).toBe('You have used 80% of your limit for Instagram')
  })

  test('number the events of a stream from 1 without a gap, with concurrent senders', async () => {
    const { notifications, events } = await open()
    await Promise.all(
      Array.from({ length: 300 }, (_, n) =>
        notifications.notifyUser({ userId: 1 + (n % 3), title: 't', message: `${n}` }),
      ),
    )
    for (const userKey of ['1', '2', '3']) {
      const offsets = events.filter((event) => event.userKey === userKey).map((event) => event.offset)
      expect(offsets).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
    }
  })

  test('refuse users that the directory does not know', async () => {
    const { notifications } = await open()
    await expect(notifications.notifyUser({ userId: 1_000, title: 't', message: 'm' })).rejects.toMatchObject({
      code: 'unknown_user',
    })
  })

  test('fill an inbox that counts, pages, marks and deletes, broadcasts included', async () => {
    const { notifications, states } = await open()
    const first = await notifications.notifyUser({ userId: 1, title: 'a', message: 'A' })
    await notifications.broadcast({ title: 'b', message: 'B' })
    await notifications.notifyUser({ userId: 1, title: 'c', message: 'C' })
    const page = await notifications.inbox(1, { limit: 2 })
    expect(page.notifications.map((item) => item.title)).toEqual(['c', 'b'])
    expect(page.unreadCount).toBe(3)
    const rest = await notifications.inbox(1, { before: page.nextBefore ?? '' })
    expect(rest.notifications.map((item) => item.title)).toEqual(['a'])
    expect(rest.nextBefore).toBeNull()
    expect(await notifications.markRead(1, { ids: [page.notifications[1]?.id ?? ''] })).toBe(2)
    expect(await unread(notifications)).toEqual(['c', 'a'])
    expect(await notifications.markRead(1, { all: true })).toBe(0)
    expect(await notifications.delete(1, 'id' in first ? first.id : '')).toBe(true)
    expect(states.map((state) => [state.state, state.unreadCount, state.stateRev])).toEqual([
      ['read', 2, 1],
      ['read', 0, 2],
      ['deleted', 0, 3],
    ])
    expect((await notifications.inbox(2)).unreadCount).toBe(1)
  })

  test('S33 distinguish users and keys that differ only in case, accent or trailing space', async () => {
    const node = await open({ config: { unknownUsers: 'accept' } })
    const names = ['auth0|abc', 'auth0|ABC', 'auth0|abc ', 'auth0|ábc', 'auth0|🦊', '__proto__']
    for (const userId of names) {
      for (const key of names) {
        const receipt = await node.notifications.notifyUser({ userId, title: 't', message: '✓ 🦊', dedupe: { key } })
        expect([userId, key, receipt.outcome]).toEqual([userId, key, 'created'])
      }
      expect(await node.notifications.feed.head(userId)).toMatchObject({ offset: names.length })
    }
    expect(node.events.every((event) => event.message === '✓ 🦊')).toBe(true)
    const [row] = await node.log.read('auth0|🦊', 0, 1, 1)
    expect(row?.message).toBe('✓ 🦊')
  })

  test('work over the application’s own Kysely, which stays open', async () => {
    const db = openApplicationKysely(await databases.create())
    const node = await startNode(db)
    const receipts = await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        node.notifications.notifyUser({
          userId: 1 + (n % 3),
          title: 't',
          message: 'm',
          ...(n % 2 === 0 ? { dedupe: { key: `${n % 4}` } } : {}),
        }),
      ),
    )
    expect(receipts.filter((receipt) => receipt.outcome === 'created')).toHaveLength(30 + 3 * 2)
    await node.notifications.transaction(db, (_, inside) => inside.notifyUser({ userId: 4, title: 't', message: 'm' }))
    await node.notifications.sequence()
    expect(node.events.at(-1)).toMatchObject({ userKey: '4', offset: 1 })
    await node.close()
    const { rows } = await sql<{ one: number }>`select 1 as one`.execute(db)
    expect(rows).toEqual([{ one: 1 }])
    await db.destroy()
  })

  test('have the same epoch on every node, until it is rotated', async () => {
    const url = await databases.create()
    const [one, two] = await Promise.all([startNode(url), startNode(url)])
    nodes.push(one, two)
    const before = one.notifications.epoch
    expect(two.notifications.epoch).toBe(before)
    const after = await one.notifications.rotateEpoch()
    expect(after).not.toBe(before)
    expect((await one.notifications.feed.head('1')).epoch).toBe(after)
    await two.log.upkeep()
    expect((await two.notifications.feed.allHead()).epoch).toBe(after)
  })
})

async function unread(notifications: Notifications): Promise<string[]> {
  const page = await notifications.inbox(1, { unread: true })
  return page.notifications.map((item) => item.title)
}
