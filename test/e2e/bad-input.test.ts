import { once } from 'node:events'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type FocusDev, startFocusDev } from '@focus-api/test-kit/focus/focus-dev'
import { openSocket } from '@focus-api/test-kit/focus/notification-socket'
import { type SignedIn, signIn } from '@focus-api/test-kit/focus/sign-in'

let server: FocusDev
let alice: SignedIn

beforeAll(async () => {
  server = await startFocusDev()
  alice = await signIn(server, 'alice')
  return () => server.stop()
})

// The server keeps serving after any input.
afterEach(async () => {
  expect((await fetch(`${server.url}/api/health`)).status).toBe(200)
  const client = await openSocket(server, alice.access_token)
  await client.next('connection')
  await client.close()
})

describe('bad input over HTTP is a problem with a code', () => {
  const json = { 'content-type': 'application/json' }
  test.each([
    ['a malformed token', '/auth/me', { headers: { authorization: 'Bearer nonsense' } }, 401, 'invalid_token'],
    ['no token', '/auth/me', {}, 401, 'unauthenticated'],
    ['a wrong admin key', '/ws/connections', { headers: { authorization: 'Bearer wrong' } }, 401, 'invalid_admin_key'],
    ['a body that is not JSON', '/auth/refresh', { method: 'POST', body: '{', headers: json }, 400, 'invalid_json'],
    ['an unknown provider', '/auth/nobody', {}, 404, 'unknown_provider'],
    ['a state that nobody gave', '/auth/google/callback?code=x&state=y', {}, 400, 'invalid_state'],
    ['a method that a route has not', '/auth/me', { method: 'DELETE' }, 405, 'method_not_allowed'],
  ])('%s', async (_, path, init, status, code) => {
    const response = await fetch(`${server.url}/api${path}`, init)
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(await response.json()).toMatchObject({ status, code, title: expect.any(String) })
    if (status === 401) expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/)
  })
})

describe('bad input over the WebSocket', () => {
  test.each([
    ['a frame that is not JSON', 'nonsense', 'invalid_json'],
    ['a frame that is no object', '[1]', 'invalid_message'],
    ['an unknown action', '{"action":"dance","ref":"7"}', 'unknown_action'],
    ['an action with a wrong field', '{"action":"subscribe","events":"all"}', 'invalid_message'],
  ])('%s is answered, and the socket stays open', async (_, frame, code) => {
    const client = await openSocket(server, alice.access_token)
    client.send(frame)
    expect(await client.next('error')).toMatchObject({ code, message: expect.any(String) })
    client.send({ action: 'ping' })
    await client.next('pong')
    await client.close()
  })

  test('a malformed token is closed with its code', async () => {
    const { socket } = await openSocket(server, 'nonsense')
    const [event] = await once(socket, 'close')
    expect(event).toMatchObject({ code: 4500 })
  })
})
