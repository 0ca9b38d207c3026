import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { errorDocument } from '../../scripts/error-table.ts'
import { openApi, operations } from '../../scripts/open-api/document.ts'
import { type SchemaName, schemas } from '../../scripts/open-api/schemas.ts'
import { createFocus, type Focus } from '../../src/index.ts'
import { signInAlice } from '@focus-api/test-kit/focus/alice'

const adminKey = 'an-admin-key-for-the-tests'
let focus: Focus
let token: string
let refreshToken: string

beforeAll(async () => {
  focus = await createFocus({
    database: 'sqlite::memory:',
    adminKey,
    google: { clientId: 'id', clientSecret: 'secret' },
    env: {},
  })
  const session = await signInAlice(focus)
  token = session.accessToken
  refreshToken = session.refreshToken ?? ''
})
afterAll(() => focus.close())

test('openapi.json equals the operations', () => {
  expect(readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8')).toBe(openApi())
})

test('docs/errors.md equals the table', () => {
  expect(readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8')).toBe(errorDocument())
})

test('every route is described, and nothing that is not there', () => {
  const key = ({ method, path, access }: { method: string; path: string; access: string }) =>
    `${method} ${path} ${access}`
  expect(operations.map(key).toSorted()).toEqual(focus.routes.map(key).toSorted())
})

interface Call {
  readonly method?: string
  readonly path: string
  readonly body?: object
  readonly as?: 'alice' | 'admin'
}

async function call({ method = 'GET', path, body, as }: Call): Promise<{ status: number; body: unknown }> {
  const headers = new Headers()
  if (as) headers.set('authorization', `Bearer ${as === 'admin' ? adminKey : token}`)
  if (body) headers.set('content-type', 'application/json')
  const request = new Request(`http://localhost/api${path}`, {
    method,
    headers,
    body: body ? JSON.stringify(body) : null,
  })
  const response = await focus.fetch(request)
  return { status: response.status, body: await response.json() }
}

const post = (path: string, body: object, as?: Call['as']): Call => ({ method: 'POST', path, body, ...(as && { as }) })

test.each<[Call, number, SchemaName]>([
  [{ path: '/auth/me', as: 'alice' }, 200, 'User'],
  [{ path: '/auth/me' }, 401, 'Problem'],
  [{ path: '/auth/sessions', as: 'alice' }, 200, 'Sessions'],
  [{ path: '/auth/accounts', as: 'alice' }, 200, 'Accounts'],
  [{ path: '/auth/jwks.json' }, 200, 'Jwks'],
  [{ path: '/auth/nobody' }, 404, 'Problem'],
  [{ path: '/auth/google/callback?state=unknown&code=x' }, 400, 'Problem'],
  [post('/auth/google/nonce', {}), 200, 'Nonce'],
  [post('/auth/token', { focus_code: 'unknown' }), 400, 'Problem'],
  [
    post('/notifications', { user: 'alice', title: 'Bonjour', message: 'Ça marche', event: 'limits' }, 'admin'),
    200,
    'Sent',
  ],
  [post('/notifications', { users: ['alice'], title: 'a', message: 'b' }, 'admin'), 200, 'Sent'],
  [post('/notifications', { broadcast: true, title: 'a', message: 'b' }, 'admin'), 200, 'Sent'],
  [post('/notifications', { user: 'nobody', title: 'a', message: 'b' }, 'admin'), 404, 'Problem'],
  [{ path: '/notifications', as: 'alice' }, 200, 'Inbox'],
  [{ path: '/admin/notifications', as: 'admin' }, 200, 'AdminNotifications'],
  [{ path: '/admin/notifications?user=alice&limit=2', as: 'admin' }, 200, 'AdminNotifications'],
  [post('/notifications/read', { all: true }, 'alice'), 200, 'UnreadCount'],
  [post('/ws/ticket', {}, 'alice'), 200, 'Ticket'],
  [{ path: '/ws/stats', as: 'admin' }, 200, 'Stats'],
  [{ path: '/ws/connections', as: 'admin' }, 200, 'Connections'],
  [{ path: '/ws/notifications' }, 426, 'Problem'],
  [{ path: '/admin/users', as: 'admin' }, 200, 'AdminUsers'],
  [{ path: '/admin/users/alice', as: 'admin' }, 200, 'AdminUserDetails'],
  [post('/admin/users/alice/enable', {}, 'admin'), 200, 'AdminUser'],
  [{ path: '/admin/sessions?user=alice', as: 'admin' }, 200, 'AdminSessions'],
  [{ path: '/admin/keys', as: 'admin' }, 200, 'SigningKeys'],
  [post('/admin/keys/rotate', {}, 'admin'), 201, 'SigningKey'],
  [post('/admin/token', { user: 'alice' }, 'admin'), 201, 'Tokens'],
  [{ path: '/admin/client', as: 'admin' }, 200, 'Client'],
  [{ path: '/health' }, 200, 'Health'],
  [{ path: '/ready' }, 200, 'Readiness'],
])('$path answers as described', async (request, status, name) => {
  const answer = await call(request)
  expect(answer.status).toBe(status)
  const schema = schemas[name]
  const fits = 'strict' in schema ? schema.strict().safeParse(answer.body) : schema.safeParse(answer.body)
  expect(fits.error?.issues ?? []).toEqual([])
})

test('a refresh answers tokens', async () => {
  const answer = await call(post('/auth/refresh', { refresh_token: refreshToken }))
  expect(answer.status).toBe(200)
  expect(schemas.Tokens.strict().safeParse(answer.body).error?.issues ?? []).toEqual([])
})
