import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { FocusOptions, User } from '../../src/index.ts'
import { type Person, RunningFocus } from '../../../../test/realtime/running-focus.ts'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { openDatabase } from '../../src/storage/database.ts'
import { TestIssuer } from '../auth/support/issuer.ts'
import { authServiceOf } from '../internals.ts'
import { TestClient } from './support/client.ts'

const begun: Array<() => Promise<void>> = []
afterEach(async () => {
  for (const end of begun.splice(0).toReversed()) await end()
})

async function start(options: FocusOptions = {}): Promise<RunningFocus> {
  const app = await RunningFocus.start(options)
  begun.push(() => app.stop())
  return app
}

async function ticketOf(app: RunningFocus, person: Person, use: 'websocket' | 'stream' = 'websocket'): Promise<string> {
  const answer = await app.as(person, '/ws/ticket', { use })
  expect(answer.status).toBe(200)
  const { ticket }: { ticket: string } = await answer.json()
  return ticket
}

async function userOf(app: RunningFocus, { id }: Person): Promise<User> {
  const user = await app.focus.auth.users.get(id)
  if (!user) throw new Error(`There is no user ${id}.`)
  return user
}

const dial = (app: RunningFocus, ticket: string) =>
  new TestClient(`${app.url.replace('http', 'ws')}/ws/notifications?ticket=${ticket}`)

describe('a ticket that was taken before', () => {
  const ends: readonly [string, (app: RunningFocus, alice: Person) => Promise<Response>][] = [
    ['logout', (app, alice) => app.as(alice, '/auth/logout', {})],
    ['logout everywhere', (app, alice) => app.as(alice, '/auth/logout_all', {})],
    ['an operator ended the sessions', (app) => app.admin('/admin/sessions?user=alice', undefined, 'DELETE')],
    ['an operator disabled the user', (app) => app.admin('/admin/users/alice/disable', {})],
  ]

  test.each(ends)('S37 A2 V10: %s opens nothing: 4503 for the WebSocket, 401 for the stream', async (_, end) => {
    const app = await start()
    const alice = await app.person('alice')
    const [webSocket, stream] = [await ticketOf(app, alice), await ticketOf(app, alice, 'stream')]
    expect((await end(app, alice)).ok).toBe(true)
    expect((await dial(app, webSocket).closed).code).toBe(4503)
    const refused = await fetch(`${app.url}/notifications/stream?ticket=${stream}`)
    expect(refused.status).toBe(401)
    expect(await refused.json()).toMatchObject({ code: 'session_revoked' })
  })

  test('another device signed out still opens its own', async () => {
    const app = await start()
    const [phone, laptop] = [await app.person('alice'), await app.person('alice')]
    const ticket = await ticketOf(app, laptop)
    await app.as(phone, '/auth/logout', {})
    const client = dial(app, ticket)
    expect((await client.next('connection')).user_id).toBe(laptop.id)
    await client.close()
  })
})

describe('a ticket', () => {
  test('V10: of the event stream lives for 12 hours, not as long as its session', async () => {
    const app = await start()
    const alice = await app.person('alice')
    const session = await app.focus.auth.sessions.start(await userOf(app, alice), 'test')
    const answer = await app.as({ ...alice, token: session.accessToken }, '/ws/ticket', { use: 'stream' })
    expect(await answer.json()).toMatchObject({ expires_in: 12 * 3_600 })
  })

  test('V10: of the event stream lives no longer than a session that ends before', async () => {
    const app = await start()
    const answer = await app.as(await app.person('alice'), '/ws/ticket', { use: 'stream' })
    const { expires_in: seconds }: { expires_in: number } = await answer.json()
    expect(seconds).toBeGreaterThan(3_500)
    expect(seconds).toBeLessThanOrEqual(3_600)
  })

  test('V10: has its life set by a limit, and streams end with it', async () => {
    const app = await start({ websocket: { limits: { streamTicketTtlMs: 1_500 } } })
    const ticket = await ticketOf(app, await app.person('alice'), 'stream')
    const stream = await fetch(`${app.url}/notifications/stream?ticket=${ticket}`)
    expect(stream.status).toBe(200)
    await stream.text()
    expect((await fetch(`${app.url}/notifications/stream?ticket=${ticket}`)).status).toBe(401)
  })

  test('V10: is stored nowhere, however many are asked for; a used one is, until it would have ended', async () => {
    const folder = temporaryFolder('tickets')
    const database = await openDatabase(`sqlite:${join(folder, 'focus.db')}`)
    begun.push(async () => {
      await database.close()
      removeFolder(folder)
    })
    const app = await start({ database: database.db })
    const alice = await app.person('alice')
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
  async function signedIn(claims: Record<string, unknown>): Promise<{ app: RunningFocus; person: Person }> {
    const issuer = await TestIssuer.start()
    begun.push(() => issuer.close())
    const app = await start({
      tokens: { jwksUri: `${issuer.url}/jwks`, issuer: issuer.url, audience: 'our-api' },
      notifications: { unknownUsers: 'accept' },
    })
    const whole = { ...issuer.idTokenClaims({ sub: '42' }, null), aud: 'our-api', ...claims }
    const token = await issuer.sign(whole, { typ: 'at+jwt' })
    return { app, person: { id: 42, token } }
  }

  test.each([
    ['that names its session', { sid: 'their-session' }],
    ['that names none', {}],
  ])('%s opens a connection, though the session is in no table here', async (_, claims) => {
    const { app, person } = await signedIn(claims)
    const client = dial(app, await ticketOf(app, person))
    expect(String((await client.next('connection')).user_id)).toBe('42')
    await client.close()
  })

  test('opens none once that session is known to have ended', async () => {
    const { app, person } = await signedIn({ sid: 'their-session' })
    const ticket = await ticketOf(app, person)
    authServiceOf(app.focus).noteSessionEnd({ userKey: '42', sessionId: 'their-session', reason: 'logout' })
    expect((await dial(app, ticket).closed).code).toBe(4503)
  })
})
