import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { RunningFocus } from '../../../../test/realtime/running-focus.ts'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import type { ExternalProfile } from '../../src/auth/accounts/user-directory-port.ts'
import { HubState } from '../../src/realtime/hub-state.ts'
import { type Database, openDatabase } from '../../src/storage/database.ts'
import { toUserKey } from '../../src/common/user-id.ts'
import { authServiceOf } from '../internals.ts'
import { TestClient } from './support/client.ts'
import { profileOf } from '@focus-api/test-kit/focus/profile'

let app: RunningFocus
let database: Database
let folder: string
beforeEach(async () => {
  folder = temporaryFolder('session-ends')
  database = await openDatabase(`sqlite:${join(folder, 'focus.db')}`)
  app = await RunningFocus.start({ database: database.db })
})
afterEach(async () => {
  vi.restoreAllMocks()
  await app.stop()
  await database.close()
  removeFolder(folder)
})

const accountOf = (provider: string): ExternalProfile =>
  profileOf('alice', { provider, issuer: `https://${provider}.example`, preferredUsername: 'alice' })

/** Opens a socket for Alice, signed in with an account of this provider. */
async function socketOf(provider: string): Promise<{ client: TestClient; token: string; userKey: string }> {
  const account = accountOf(provider)
  const { user } = await app.focus.auth.accounts.signIn(account)
  const { accessToken } = await app.focus.auth.sessions.start(user, provider, {}, account)
  const client = new TestClient(`${app.url.replace('http', 'ws')}/ws/notifications?token=${accessToken}`)
  await client.next('connection')
  return { client, token: accessToken, userKey: toUserKey(user.id) }
}

test('A23: the hub handles the end of a session once, and sign-in does not receive it again', async () => {
  const { client, token } = await socketOf('one')
  const ended = vi.spyOn(HubState.prototype, 'endSession')
  const heard = vi.spyOn(authServiceOf(app.focus), 'noteSessionEnd')
  await app.as({ id: 1, token }, '/auth/logout', {})
  expect((await client.closed).code).toBe(4503)
  expect(ended).toHaveBeenCalledTimes(1)
  expect(heard).not.toHaveBeenCalled()
})

test('A23: the hub handles the end of a session on another node once', async () => {
  const { client, token, userKey } = await socketOf('one')
  const ended = vi.spyOn(HubState.prototype, 'endSession')
  const { sessionId } = await app.focus.auth.tokens.verify(token)
  authServiceOf(app.focus).noteSessionEnd({ userKey, sessionId, reason: 'revoked' })
  authServiceOf(app.focus).noteSessionEnd({ userKey, sessionId, reason: 'revoked' })
  expect((await client.closed).code).toBe(4503)
  expect(ended).toHaveBeenCalledTimes(1)
})

test('S37 A6: unlinking an account closes the sockets of the sessions that it started', async () => {
  const one = await socketOf('one')
  await app.focus.auth.accounts.link(one.userKey, accountOf('two'))
  const two = await socketOf('two')
  const answer = await fetch(`${app.url}/auth/two/link`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${one.token}` },
  })
  expect(answer.status).toBe(204)
  expect((await two.client.closed).code).toBe(4503)
  expect((await app.as({ id: 1, token: one.token }, '/auth/me')).status).toBe(200)
  await one.client.close()
})

test('S38 A3: a new epoch closes the sockets of sessions that are missing in the restored database', async () => {
  const { client, token, userKey } = await socketOf('one')
  await database.db.deleteFrom('focus_sessions').where('user_key', '=', userKey).execute()
  expect((await app.as({ id: 1, token }, '/auth/me')).status).toBe(200)
  expect((await app.admin('/admin/epoch/rotate', {})).status).toBe(200)
  expect((await app.as({ id: 1, token }, '/auth/me')).status).toBe(401)
  expect((await client.closed).code).toBe(4003)
  const again = new TestClient(`${app.url.replace('http', 'ws')}/ws/notifications?token=${token}`)
  expect((await again.closed).code).toBe(4503)
})
