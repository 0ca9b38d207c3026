import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createFocus, type Focus } from '../../../src/index.ts'
import { googleProfileOf } from '@focus-api/test-kit/focus/profile'

const adminKey = 'an-admin-key-for-the-tests'

describe('notifications over HTTP', () => {
  let focus: Focus
  const tokens = new Map<string, string>()

  beforeAll(async () => {
    focus = await createFocus({ database: 'sqlite::memory:', adminKey, env: {} })
    for (const name of ['alice', 'bob']) tokens.set(name, await signIn(name))
  })
  afterAll(() => focus.close())

  async function signIn(name: string, claims: { email?: string; emailVerified?: boolean } = {}): Promise<string> {
    const { user } = await focus.auth.accounts.signIn(googleProfileOf(name, claims))
    return (await focus.auth.sessions.start(user, 'google')).accessToken
  }

  async function call(
    method: string,
    path: string,
    { as = 'admin', body, key }: { as?: string; body?: unknown; key?: string } = {},
  ) {
    const headers = new Headers({ authorization: `Bearer ${as === 'admin' ? adminKey : tokens.get(as)}` })
    if (body !== undefined) headers.set('content-type', 'application/json')
    if (key !== undefined) headers.set('idempotency-key', key)
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    const response = await focus.fetch(new Request(`http://localhost/api${path}`, init))
    const text = await response.text()
    return { status: response.status, body: text === '' ? null : JSON.parse(text) }
  }

  const send = (body: unknown, key?: string) =>
    call('POST', '/notifications', { body, ...(key === undefined ? {} : { key }) })
  const inbox = async (as: string, query = '') => (await call('GET', `/notifications${query}`, { as })).body

  test('a user is named by id, username or e-mail, and the response holds the id', async () => {
    const byName = await send({ user: 'alice', title: 'a', message: 'm' })
    expect(byName).toMatchObject({ status: 200, body: { outcome: 'created', offset: 1, user_id: expect.any(Number) } })
    const { user_id } = byName.body
    expect((await send({ user_id, title: 'b', message: 'm' })).body).toMatchObject({ offset: 2, user_id })
    expect((await send({ user_id: String(user_id), title: 'c', message: 'm' })).body).toMatchObject({
      offset: 3,
      user_id,
    })
    expect((await send({ user: 'alice@example.com', title: 'd', message: 'm' })).body).toMatchObject({
      offset: 4,
      user_id,
    })
  })

  test('an unverified address reaches no user, and no operation on users accepts it as a name', async () => {
    await signIn('mallory', { email: 'victim@example.com', emailVerified: false })
    const refusal = { status: 404, body: { code: 'unknown_user', hint: expect.stringMatching(/id or the username/) } }
    const user = 'victim@example.com'
    expect(await send({ user, title: 'a', message: 'm' })).toMatchObject(refusal)
    expect(await send({ users: ['alice', user], title: 'a', message: 'm' })).toMatchObject(refusal)
    expect(await call('POST', `/admin/users/${user}/disable`, { body: {} })).toMatchObject(refusal)
    expect(await call('POST', '/admin/token', { body: { user } })).toMatchObject(refusal)
    expect(await send({ user: 'mallory', title: 'a', message: 'm' })).toMatchObject({ status: 200 })
    expect(await call('GET', '/admin/users/mallory')).toMatchObject({ status: 200, body: { email: user } })
  })

  test.each(['data', 'params', 'elsewhere'])(
    '%s that is nested too deep is refused, whatever reads it',
    async (field) => {
      const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
      for (const levels of [65, 100_000]) {
        const response = await focus.fetch(
          new Request('http://localhost/api/notifications', {
            method: 'POST',
            headers: {
              authorization: `Bearer ${adminKey}`,
              'content-type': 'application/json',
              'idempotency-key': `deep-${field}-${levels}`,
            },
            body: `{"user":"alice","title":"t","message":"m","${field}":{"levels":${deep(levels)}}}`,
          }),
        )
        expect(response.status).toBe(400)
        expect(await response.json()).toMatchObject({
          code: 'invalid_notification',
          detail: expect.stringMatching(field),
        })
      }
    },
  )

  test('several users get one result each, and a misspelt name sends nothing', async () => {
    const { body } = await send({ users: ['alice', 'bob'], title: 'both', message: 'm' })
    expect(body.results).toMatchObject([{ outcome: 'created' }, { outcome: 'created' }])
    const refused = await send({ users: ['bob', 'nobody'], title: 'lost', message: 'm' })
    expect(refused).toMatchObject({ status: 404, body: { code: 'unknown_user', hint: expect.any(String) } })
    expect((await inbox('bob')).notifications.map((item: { title: string }) => item.title)).toEqual(['both'])
  })

  test.each([
    [
      'limit_warning',
      { app_name: 'Instagram', percentage: 80.0 },
      'Vous avez utilise 80% de votre limite pour Instagram',
    ],
    [
      'limitWarning',
      { appName: 'Instagram', percentage: 80.5 },
      'Vous avez utilise 80.5% de votre limite pour Instagram',
    ],
    [
      'challenge_update',
      { challenge_title: 'Octobre', update_type: 'rank', message: 'Vous êtes 2e', data: { rank: 2 } },
      'Vous êtes 2e',
    ],
    [
      'activity_update',
      { activity_data: { app_name: 'Instagram', duration_minutes: 45 } },
      'Activité enregistrée avec succès',
    ],
  ])('the guide’s %s goes by name', async (helper, params, message) => {
    await send({ user: 'bob', helper, params })
    expect((await inbox('bob', '?limit=1')).notifications[0]).toMatchObject({ type: 'notification', message })
  })

  test.each([
    ['no recipient', { title: 't', message: 'm' }, 400, 'invalid_request'],
    ['two kinds of recipient', { user: 'bob', broadcast: true, title: 't', message: 'm' }, 400, 'invalid_request'],
    ['no title', { user: 'bob', message: 'm' }, 400, 'invalid_notification'],
    ['wrong params', { user: 'bob', helper: 'limit_warning', params: { app_name: 'x' } }, 400, 'invalid_notification'],
    ['an unknown name', { user: 'bob', helper: 'nothing', params: {} }, 400, 'invalid_notification'],
    [
      'a megabyte of data',
      { user: 'bob', title: 't', message: 'm', data: { blob: 'x'.repeat(1_048_576) } },
      413,
      'data_too_large',
    ],
    [
      'a date that is none',
      { user: 'bob', title: 't', message: 'm', deliver_at: 'tomorrow' },
      400,
      'invalid_notification',
    ],
  ])('%s is a problem with a code', async (_, body, status, code) => {
    expect(await send(body)).toMatchObject({ status, body: { status, code } })
  })

  test('the same key gets the same response, and refuses another request', async () => {
    const body = { user: 'bob', title: 'once', message: 'm' }
    const first = await send(body, 'key-1')
    expect(await send(body, 'key-1')).toEqual(first)
    expect(await send({ ...body, title: 'other' }, 'key-1')).toMatchObject({
      status: 422,
      body: { code: 'idempotency_conflict' },
    })
    expect(await send(body, 'clé')).toMatchObject({ status: 400 })
  })

  test('a scheduled notification can be cancelled', async () => {
    const { body } = await send({ user: 'bob', title: 'later', message: 'm', deliver_at: '2099-01-01T00:00:00Z' })
    expect(body).toMatchObject({ outcome: 'scheduled', id: expect.any(String) })
    expect((await call('DELETE', `/notifications/scheduled/${body.id}`)).status).toBe(204)
    expect(await call('DELETE', `/notifications/scheduled/${body.id}`)).toMatchObject({
      status: 404,
      body: { code: 'unknown_notification' },
    })
  })

  test.each(['2099-01-01T08:00Z', '2099-01-01 08:00+0200', '2099-01-01T08:00:00.5+02'])(
    'R17: %s is a time',
    async (deliver_at) => {
      const sent = await send({ user: 'bob', title: 'later', message: 'm', deliver_at, expires_at: '2100-01-01T08:00' })
      expect(sent).toMatchObject({ status: 200, body: { outcome: 'scheduled' } })
    },
  )

  test('a time without an offset is UTC, whatever the time zone of the server', async () => {
    vi.stubEnv('TZ', 'Asia/Tokyo')
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString().replace('Z', '')
    const { body } = await send({ user: 'bob', title: 'later', message: 'm', deliver_at: inAnHour })
    vi.unstubAllEnvs()
    expect(body.outcome).toBe('scheduled')
  })

  test('each user has a broadcast in their inbox, and pages, reads and deletes it for themselves', async () => {
    const { body } = await send({ broadcast: true, title: 'to all', message: 'm' })
    expect(body).toMatchObject({ outcome: 'created', offset: 1, user_id: null, broadcast: true })
    const first = await inbox('alice', '?limit=1')
    expect(first.notifications).toMatchObject([
      { title: 'to all', stream: 'all', offset: 1, count: 1, read_at: null, id: body.id },
    ])
    const second = await inbox('alice', `?limit=1&before=${first.next_before}`)
    expect(second.notifications[0].title).toBe('both')
    const read = await call('POST', '/notifications/read', { as: 'alice', body: { ids: [body.id] } })
    expect(read.body.unread_count).toBe(first.unread_count - 1)
    expect((await inbox('bob', '?unread')).notifications[0].id).toBe(body.id)
    expect((await call('DELETE', `/notifications/${body.id}`, { as: 'alice' })).status).toBe(204)
    expect((await call('DELETE', `/notifications/${body.id}`, { as: 'alice' })).status).toBe(404)
    expect((await inbox('alice')).notifications.map((item: { title: string }) => item.title)).not.toContain('to all')
  })

  test('no user reads or deletes notifications of another one', async () => {
    const [mine] = (await inbox('alice', '?limit=1')).notifications
    expect((await call('DELETE', `/notifications/${mine.id}`, { as: 'bob' })).status).toBe(404)
    await call('POST', '/notifications/read', { as: 'bob', body: { ids: [mine.id] } })
    expect((await inbox('alice', '?limit=1')).notifications[0]).toMatchObject({ id: mine.id, read_at: null })
  })

  test.each(['?limit=0', '?limit=many', '?before=nonsense'])('%s is no page', async (query) => {
    expect(await call('GET', `/notifications${query}`, { as: 'alice' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_request' },
    })
  })
})
