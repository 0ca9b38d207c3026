import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { createFocus, type Focus } from '../../../src/index.ts'
import { openDatabase } from '../../../src/storage/database.ts'
import { recentRows } from '../../../src/storage/log/recent-rows.ts'
import { googleProfileOf } from '@focus-api/test-kit/focus/profile'

const adminKey = 'an-admin-key-for-the-tests'

describeOverDatabases('recent notifications', (databases) => {
  let focus: Focus
  let url: string
  const ids = new Map<string, number>()
  const tokens = new Map<string, string>()

  beforeAll(async () => {
    url = await databases.create()
    focus = await createFocus({ database: url, adminKey, secret: 'a-secret-that-is-long-enough-for-tests', env: {} })
    for (const name of ['alice', 'bob']) await signIn(name)
  })
  afterAll(async () => {
    await focus.close()
  })

  async function signIn(name: string): Promise<void> {
    const { user } = await focus.auth.accounts.signIn(googleProfileOf(name))
    ids.set(name, Number(user.id))
    tokens.set(name, (await focus.auth.sessions.start(user, 'google')).accessToken)
  }

  async function call(path: string, { as = 'admin', body }: { as?: string; body?: unknown } = {}) {
    const headers = new Headers({ authorization: `Bearer ${as === 'admin' ? adminKey : tokens.get(as)}` })
    if (body !== undefined) headers.set('content-type', 'application/json')
    const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
    const response = await focus.fetch(new Request(`http://localhost/api${path}`, init))
    return { status: response.status, body: await response.json() }
  }
  const send = async (body: object) => (await call('/notifications', { body })).body
  const titles = async (query = '') =>
    (await call(`/admin/notifications${query}`)).body.notifications.map(({ title }: { title: string }) => title)

  test('are listed newest first: of all users with broadcasts, or of one user', async () => {
    expect((await call('/admin/notifications')).body).toEqual({ notifications: [] })
    const first = await send({ user: 'alice', title: 'first', message: 'secret', event: 'limits', data: { a: 1 } })
    await send({ broadcast: true, title: 'all', message: 'm', notification_type: 'warning' })
    await send({ user: 'bob', title: 'third', message: 'm' })
    await call('/notifications/read', { as: 'alice', body: { all: true } })

    const { status, body } = await call('/admin/notifications')
    expect(status).toBe(200)
    const time = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/)
    const common = { notification_type: 'info', event: null, count: 1, created_at: time, read_at: null }
    expect(body.notifications).toEqual([
      { ...common, id: expect.any(String), user_id: ids.get('bob'), offset: 1, title: 'third' },
      { ...common, id: expect.any(String), user_id: null, offset: 1, title: 'all', notification_type: 'warning' },
      { ...common, id: first.id, user_id: ids.get('alice'), offset: 1, title: 'first', event: 'limits', read_at: time },
    ])

    const alices = (await call('/admin/notifications?user=alice%40example.com')).body.notifications
    expect(alices).toMatchObject([
      { title: 'all', user_id: null, read_at: time },
      { title: 'first', user_id: ids.get('alice'), read_at: time },
    ])
    expect(await titles('?user=bob')).toEqual(['third', 'all'])
    expect(await titles(`?user=${ids.get('bob')}&limit=1`)).toEqual(['third'])
    expect(await titles('?limit=2')).toEqual(['third', 'all'])
  })

  test('list merged notifications once, with their count', async () => {
    for (const title of ['a', 'b', 'c']) await send({ user: 'bob', title, message: 'm', group: { key: 'g' } })
    expect((await call('/admin/notifications?limit=2')).body.notifications).toMatchObject([
      { title: 'c', count: 3 },
      { title: 'third', count: 1 },
    ])
  })

  test.each([
    ['?user=nobody', 404, 'unknown_user'],
    ['?limit=0', 400, 'invalid_request'],
    ['?limit=501', 400, 'invalid_request'],
    ['?limit=many', 400, 'invalid_request'],
    ['?user=alice&limit=0', 400, 'invalid_request'],
    ['?limit=1&limit=2', 400, 'invalid_request'],
  ])('%s is answered %d %s', async (query, status, code) => {
    expect(await call(`/admin/notifications${query}`)).toMatchObject({ status, body: { code } })
  })

  test('are for operators only', async () => {
    expect((await call('/admin/notifications', { as: 'alice' })).status).toBe(401)
  })

  test('are read along an index, however long the log is', async () => {
    await Promise.all(
      Array.from({ length: 300 }, () => focus.notifications.notifyUser({ userId: 1, title: 'many', message: 'm' })),
    )
    const database = await openDatabase(url)
    const query = recentRows(database.db, 50)
    const { dialect } = database
    // PostgreSQL reads a small table as a whole.
    if (dialect === 'postgres') await sql`set enable_seqscan = off`.execute(database.db)
    const plan = await (dialect === 'sqlite' ? query.explain(undefined, sql`query plan`) : query.explain())
    await database.close()
    expect(plan).toEqual(expect.arrayContaining(alongIndexes[dialect]))
  })
})

const line = (text: RegExp) => expect.objectContaining({ 'QUERY PLAN': expect.stringMatching(text) })
const detail = (text: RegExp) => expect.objectContaining({ detail: expect.stringMatching(text) })
const alongIndexes = {
  sqlite: [detail(/^SCAN focus_notifications USING COVERING INDEX/), detail(/^SEARCH row USING INDEX/)],
  mysql: [
    expect.objectContaining({ table: 'focus_notifications', type: 'index', Extra: 'Using index' }),
    expect.objectContaining({ table: 'row', type: 'eq_ref' }),
  ],
  postgres: [
    line(/Index Only Scan Backward using focus_notifications_by_id on focus_notifications/),
    line(/Index Scan.* using focus_notifications_by_id on focus_notifications "?row/),
  ],
}
