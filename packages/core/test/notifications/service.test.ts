import { afterEach, describe, expect, it } from 'vitest'
import { createNotifications, type Notifications } from '../../src/notifications/service.ts'
import type { NotificationEvent, StateEvent } from '../../src/notifications/types.ts'
import { createRuntime } from '../../src/runtime.ts'
import { type Database, openDatabase } from '../../src/storage/database.ts'
import { openNotificationLog } from '../../src/storage/log/notification-log.ts'
import { migrateToLatest } from '../../src/storage/migrate.ts'

interface Bench {
  readonly notifications: Notifications
  readonly events: NotificationEvent[]
  readonly states: StateEvent[]
}

const opened: Array<{ close(): Promise<void> }> = []

afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close()
})

async function start(): Promise<Bench> {
  const database: Database = await openDatabase('sqlite::memory:')
  opened.push(database)
  await migrateToLatest(database)
  const runtime = createRuntime()
  const events: NotificationEvent[] = []
  const states: StateEvent[] = []
  const people = new Map([
    [1, { id: 1, locale: null, createdAt: 0, username: 'alice', email: 'alice@example.com' }],
    [2, { id: 2, locale: 'en', createdAt: 0, username: 'bob', email: 'bob@example.com' }],
  ])
  const notifications = createNotifications({
    config: { locale: 'fr', unknownUsers: 'refuse' },
    runtime,
    log: await openNotificationLog(database, runtime.clock),
    publisher: {
      notificationsCommitted: (batch) => events.push(...batch),
      stateChanged: (event) => states.push(event),
    },
    users: {
      parseId: Number,
      get: async (id) => people.get(Number(id)) ?? null,
      findByUsername: async (name) => [...people.values()].find((person) => person.username === name) ?? null,
      findByEmail: async (email) => [...people.values()].find((person) => person.email === email) ?? null,
    },
  })
  opened.push(notifications)
  return { notifications, events, states }
}

describe('the guide’s notifications', () => {
  it('say in French what the guide says', async () => {
    const { notifications, events } = await start()
    await notifications.notifyLimitWarning({ userId: 1, appName: 'Instagram', percentage: 80.0 })
    expect(events[0]).toMatchObject({
      type: 'warning',
      event: 'limits',
      title: 'Limite bientot atteinte',
      message: 'Vous avez utilise 80% de votre limite pour Instagram',
      data: { app_name: 'Instagram', percentage: 80 },
    })
  })

  it('speak the language of the person', async () => {
    const { notifications, events } = await start()
    await notifications.notifyLimitWarning({ userId: 2, appName: 'Instagram', percentage: 80 })
    expect(events[0]?.message).toBe('You have used 80% of your limit for Instagram')
  })
})

describe('the inbox', () => {
  it('counts, marks and deletes, broadcasts included', async () => {
    const { notifications, states } = await start()
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
    expect(await notifications.markRead(1, { all: true })).toBe(0)
    expect(await notifications.delete(1, 'id' in first ? first.id : '')).toBe(true)
    expect(states.map((state) => [state.state, state.unreadCount, state.stateRev])).toEqual([
      ['read', 2, 1],
      ['read', 0, 2],
      ['deleted', 0, 3],
    ])
  })
})
