import { afterEach, describe, expect, test } from 'vitest'
import type { FocusOptions } from '../../src/index.ts'
import { type Person, RunningFocus } from '../../../../test/realtime/running-focus.ts'
import { TestIssuer } from '../auth/support/issuer.ts'
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

const dial = (app: RunningFocus, ticket: string) =>
  new TestClient(`${app.url.replace('http', 'ws')}/ws/notifications?ticket=${ticket}`)

describe('a ticket that was taken before', () => {
  const ends: readonly [string, (app: RunningFocus, alice: Person) => Promise<Response>][] = [
    ['logout', (app, alice) => app.as(alice, '/auth/logout', {})],
    ['logout everywhere', (app, alice) => app.as(alice, '/auth/logout_all', {})],
    ['an operator ended the sessions', (app) => app.admin('/admin/sessions?user=alice', undefined, 'DELETE')],
    ['an operator disabled the user', (app) => app.admin('/admin/users/alice/disable', {})],
  ]

  test.each(ends)('%s opens nothing: 4503 for the WebSocket, 401 for the stream', async (_, end) => {
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

describe("a ticket for another issuer's token", () => {
  async function signedIn(claims: Record<string, unknown>): Promise<{ app: RunningFocus; person: Person }> {
    const issuer = await TestIssuer.start()
    begun.push(() => issuer.close())
    const app = await start({
      tokens: { jwksUri: `${issuer.url}/jwks`, issuer: issuer.url, audience: 'our-api' },
      notifications: { unknownUsers: 'accept' },
    })
    const token = await issuer.sign({ ...issuer.idTokenClaims({ sub: '42' }, null), aud: 'our-api', ...claims })
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
    app.focus.auth.noteSessionEnd({ userKey: '42', sessionId: 'their-session', reason: 'logout' })
    expect((await dial(app, ticket).closed).code).toBe(4503)
  })
})
