import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { KyselyPreferenceStore } from '../../src/storage/stores/preference-store.ts'
import { KyselyPushSubscriptionStore } from '../../src/storage/stores/push-subscription-store.ts'
import { nodesOf } from './support/suite.ts'
import { type Node, startNode } from './support/node.ts'

const absent = '00000000-0000-7000-8000-000000000000'

describe('V2: a call that changes nothing', () => {
  let folder: string
  let node: Node
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'focus-no-op-'))
    node = await startNode(`sqlite:${join(folder, 'focus.db')}`)
    // The first read of an inbox writes since when the user exists.
    await node.notifications.notifyUser({ userId: 1, title: 't', message: 'm' })
    await node.notifications.broadcast({ title: 'all', message: 'm' })
    await node.notifications.markRead(1, { all: true })
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    await node.close()
    rmSync(folder, { recursive: true })
  })

  test('sends no statement to the writer, and so no commit', async () => {
    const { notifications, database } = node
    const preferences = new KyselyPreferenceStore(database)
    const subscriptions = new KyselyPushSubscriptionStore(database)
    const [read] = (await notifications.inbox(1)).notifications
    await notifications.delete(1, read?.id ?? '')
    await preferences.put('1', { locale: 'fr', matrix: { limits: { email: false } } })
    const asked = vi.spyOn(Worker.prototype, 'postMessage')
    await database.check()
    const [writer] = asked.mock.contexts
    const calls = Array.from({ length: 200 }, () => [
      notifications.markRead(1, { ids: [absent] }),
      notifications.markRead(1, { all: true }),
      notifications.markRead(1, { upToOffset: 5 }),
      notifications.markRead(1, { upToOffset: 5, stream: 'all' }),
      notifications.delete(1, absent),
      notifications.delete(1, read?.id ?? ''),
      notifications.cancel(absent),
      preferences.put('1', { locale: 'fr', matrix: { limits: { email: false }, activities: {} } }),
      preferences.set('1', 'limits', 'email', false),
      subscriptions.remove('1', 'https://push.example/none'),
    ])
    await Promise.all(calls.flat())
    expect(asked.mock.contexts.filter((thread) => thread === writer)).toHaveLength(1)
    expect(asked.mock.contexts.length).toBeGreaterThan(1)
    expect(node.states).toHaveLength(2)
  })
})

describeOverDatabases('V2: changes of inboxes', (databases) => {
  const { start } = nodesOf(databases)

  test('that arrive during a transaction share the next one, and each gets its own result', async () => {
    const { notifications, database, states } = await start()
    const users = Array.from({ length: 60 }, (_, n) => n + 1)
    await Promise.all(users.map((userId) => notifications.notifyUser({ userId, title: 't', message: 'm' })))
    let transactions = 0
    const { db } = database.forClass('background')
    const begin = db.transaction.bind(db)
    db.transaction = () => {
      transactions += 1
      return begin()
    }
    // The first read of each inbox writes; it is not counted.
    await Promise.all(users.map((userId) => notifications.inbox(userId)))
    transactions = 0
    expect(await Promise.all(users.map((userId) => notifications.markRead(userId, { all: true })))).toEqual(
      users.map(() => 0),
    )
    expect(transactions).toBeGreaterThan(0)
    expect(transactions).toBeLessThan(users.length / 4)
    expect(states).toHaveLength(users.length)
    for (const { unreadCount } of await Promise.all(users.map((userId) => notifications.inbox(userId)))) {
      expect(unreadCount).toBe(0)
    }
  })

  test('of one user that run together count once', async () => {
    const { notifications, states } = await start()
    const receipt = await notifications.notifyUser({ userId: 1, title: 't', message: 'm' })
    const id = 'id' in receipt ? receipt.id : ''
    await notifications.inbox(1)
    const answers = await Promise.all([
      ...Array.from({ length: 10 }, () => notifications.markRead(1, { ids: [id] })),
      ...Array.from({ length: 10 }, () => notifications.delete(1, id)),
    ])
    expect(answers.filter((answer) => answer === true)).toHaveLength(1)
    expect(states.map(({ state }) => state)).toEqual(expect.arrayContaining(['deleted']))
    expect((await notifications.inbox(1)).unreadCount).toBe(0)
  })
})
