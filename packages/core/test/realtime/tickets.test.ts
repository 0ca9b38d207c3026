import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { FocusOptions, User } from '../../src/index.ts'
import { type TestUser, RunningFocus } from '../../../../test/realtime/running-focus.ts'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { openDatabase } from '../../src/storage/database.ts'
import { TestIssuer } from '../auth/support/issuer.ts'
import { authServiceOf } from '../internals.ts'
import { TestClient } from './support/client.ts'

const cleanups: Array<() => Promise<void>> = []
afterEach(async () => {
  for (const end of cleanups.splice(0).toReversed()) await end()
})

async function start(options: FocusOptions = {}): Promise<RunningFocus> {
  const app = await RunningFocus.start(options)
  cleanups.push(() => app.stop())
  return app
}

async function ticketOf(app: RunningFocus, user: TestUser, use: 'websocket' | 'stream' = 'websocket'): Promise<string> {
  const answer = await app.as(user, '/ws/ticket', { use })
  expect(answer.status).toBe(200)
  const { ticket }: { ticket: string } = await answer.json()
  return ticket
}

async function userOf(app: RunningFocus, { id }: TestUser): Promise<User> {
  const user = await app.focus.auth.users.get(id)
  if (!user) throw new Error(`No user has the id ${id}.`)
  return user
}

const dial = (app: RunningFocus, ticket: string) =>
  new TestClient(`${app.url.replace('http', 'ws')}/ws/notifications?ticket=${ticket}`)

describe('a ticket that was issued earlier', () => {
  const ends: readonly [string, (app: RunningFocus, alice: TestUser) => Promise<Response>][] = [
    ['logout', (app, alice) => app.as(alice, '/auth/logout', {})],
    ['logout everywhere', (app, alice) => app.as(alice, '/auth/logout_all', {})],
    ['the end of all sessions by an operator', (app) => app.admin('/admin/sessions?user=alice', undefined, 'DELETE')],
    ['the disabling of the user by an operator', (app) => app.admin('/admin/users/alice/disable', {})],
  ]

  test.each(ends)(
    'S37 A2 V10: is refused after %s, with 4503 for the WebSocket and 401 for the stream',
    async (_, end) => {
      const app = await start()
      const alice = await app.signIn('alice')
      const [webSocket, stream] = [await ticketOf(app, alice), await ticketOf(app, alice, 'stream')]
      expect((await end(app, alice)).ok).toBe(true)
      expect((await dial(app, webSocket).closed).code).toBe(4503)
      const refused = await fetch(`${app.url}/notifications/stream?ticket=${stream}`)
      expect(refused.status).toBe(401)
      expect(await refused.json()).toMatchObject({ code: 'session_revoked' })
    },
  )

  test('still works after the sign-out of another device', async () => {
    const app = await start()
    const [phone, laptop] = [await app.signIn('alice'), await app.signIn('alice')]
    const ticket = await ticketOf(app, laptop)
    await app.as(phone, '/auth/logout', {})
    const client = dial(app, ticket)
    expect((await client.next('connection')).user_id).toBe(laptop.id)
    await client.close()
  })
})

describe('a ticket', () => {
  test('V10: for the event stream is valid for 12 hours, also when its session lasts longer', async () => {
    const app = await start()
    const alice = await app.signIn('alice')
    const session = await app.focus.auth.sessions.start(await userOf(app, alice), 'test')
    const answer = await app.as({ ...alice, token: session.accessToken }, '/ws/ticket', { use: 'stream' })
    expect(await answer.json()).toMatchObject({ expires_in: 12 * 3_600 })
  })

  test('V10: for the event stream expires with a session that ends before', async () => {
    const app = await start()
    const answer = await app.as(await app.signIn('alice'), '/ws/ticket', { use: 'stream' })
    const { expires_in: seconds }: { expires_in: number } = await answer.json()
    expect(seconds).toBeGreaterThan(3_500)
    expect(seconds).toBeLessThanOrEqual(3_600)
  })

  test('V10: has a lifetime that a limit sets, and streams end with it', async () => {
    const app = await start({ websocket: { limits: { streamTicketTtlMs: 1_500 } } })
    const ticket = await ticketOf(app, await app.signIn('alice'), 'stream')
    const stream = await fetch(`${app.url}/notifications/stream?ticket=${ticket}`)
    expect(stream.status).toBe(200)
    await stream.text()
    expect((await fetch(`${app.url}/notifications/stream?ticket=${ticket}`)).status).toBe(401)
  })

  test('V10: is not stored until it is used, and then until its expiry', async () => {
    const folder = temporaryFolder('tickets')
    const database = await openDatabase(`sqlite:${join(folder, 'focus.db')}`)
    cleanups.push(async () => {
      await database.close()
      removeFolder(folder)
    })
    const app = await start({ database: database.db })
    const alice = await app.signIn('alice')
    const tickets: string[] = []
    for (let count = 0; count < 5; count += 1) {
      await ticketOf(app, alice, 'stream')
      tickets.push(await ticketOf(app, alice))
    }
    const rows = () => database.db.selectFrom('focus_one_time').selectAll().execute()
    expect(await rows()).toEqual([])
    const client = dial(app, tickets[0] ?? '')
    await client.next('connection')
    expect(await rows()).toHaveLength(1)
    expect((await dial(app, tickets[0] ?? '').closed).code).toBe(4500)
    await client.close()
  })
})

describe("a ticket for another issuer's token", () => {
  async function signedIn(claims: Record<string, unknown>): Promise<{ app: RunningFocus; user: TestUser }> {
    const issuer = await TestIssuer.start()
    cleanups.push(() => issuer.close())
    const app = await start({
      tokens: { jwksUri: `${issuer.url}/jwks`, issuer: issuer.url, audience: 'our-api' },
      notifications: { unknownUsers: 'accept' },
    })
    const whole = { ...issuer.idTokenClaims({ sub: '42' }, null), aud: 'our-api', ...claims }
    const token = await issuer.sign(whole, { typ: 'at+jwt' })
    return { app, user: { id: 42, token } }
  }

  test.each([
    ['with a session', { sid: 'their-session' }],
    ['without a session', {}],
  ])('%s opens a connection, although no table here has the session', async (_, claims) => {
    const { app, user } = await signedIn(claims)
    const client = dial(app, await ticketOf(app, user))
    expect(String((await client.next('connection')).user_id)).toBe('42')
    await client.close()
  })

  test('opens no connection once that session has ended', async () => {
    const { app, user } = await signedIn({ sid: 'their-session' })
    const ticket = await ticketOf(app, user)
    authServiceOf(app.focus).noteSessionEnd({ userKey: '42', sessionId: 'their-session', reason: 'logout' })
    expect((await dial(app, ticket).closed).code).toBe(4503)
  })
})
