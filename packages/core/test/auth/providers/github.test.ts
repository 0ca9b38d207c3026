import { createHash, randomBytes } from 'node:crypto'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { github } from '../../../src/auth/providers/github.ts'
import { type App, startApp } from '../support/app.ts'
import { startByFetch, pathOf, problemOf, type TokenAnswer } from '../support/flow.ts'

interface Profile {
  id: unknown
  login: string
  name: string | null
  avatar_url?: string
}

let server: Server
let url: string
let app: App
let profile: Profile
let emails: unknown
let emailsFail: ((response: ServerResponse) => void) | null
let tokenAnswer: Record<string, unknown>
const challenges = new Map<string, string>()

/** Responses of GitHub at the four addresses that a sign-in uses. */
beforeAll(async () => {
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', url)
    const json = (body: unknown, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (pathname === '/login/oauth/authorize') {
      const code = randomBytes(10).toString('hex')
      challenges.set(code, searchParams.get('code_challenge') ?? '')
      const back = new URL(searchParams.get('redirect_uri') ?? '')
      back.search = new URLSearchParams({ code, state: searchParams.get('state') ?? '' }).toString()
      return void response.writeHead(302, { location: back.href }).end()
    }
    if (request.headers.authorization !== 'Bearer gho_token' && pathname !== '/login/oauth/access_token') {
      return void json({ message: 'Bad credentials' }, 401)
    }
    if (pathname === '/api/v3/user') return void json(profile)
    if (pathname === '/api/v3/user/emails') return void (emailsFail ? emailsFail(response) : json(emails))
    let text = ''
    request.on('data', (chunk) => (text += String(chunk)))
    request.on('end', () => {
      const form = new URLSearchParams(text)
      const verifier = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url')
      const fits = challenges.get(form.get('code') ?? '') === verifier && form.get('client_secret') === 'github-secret'
      challenges.delete(form.get('code') ?? '')
      // GitHub answers errors with 200.
      if (!fits) return void json({ error: 'bad_verification_code', error_description: 'The code is incorrect.' })
      json(tokenAnswer)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

beforeEach(async () => {
  profile = { id: 583_231, login: 'octocat', name: 'The Octocat', avatar_url: 'https://avatars.example/1.png' }
  emailsFail = null
  tokenAnswer = { access_token: 'gho_token', token_type: 'bearer', scope: 'read:user,user:email' }
  emails = [
    { email: 'old@cats.example', primary: false, verified: true },
    { email: 'Octo@cats.example', primary: true, verified: true },
  ]
  app = await startApp({
    config: { providers: [github({ clientId: 'gh', clientSecret: 'github-secret', url, timeoutMs: 1_000 })] },
  })
})

afterEach(async () => {
  await app.close()
})

async function callback(): Promise<string> {
  const { authorization_url: authorizationUrl } = await startByFetch(app, 'github')
  const response = await fetch(authorizationUrl, { redirect: 'manual' })
  return pathOf(new URL(response.headers.get('location') ?? ''))
}

test('signs in with the profile of the API, without an ID token', async () => {
  const answer = (await (await app.request(await callback())).json()) as TokenAnswer
  expect(answer.user).toEqual({
    id: expect.any(Number),
    username: 'the_octocat',
    email: 'octo@cats.example',
    full_name: 'The Octocat',
    avatar_url: 'https://avatars.example/1.png',
  })
})

test('the number identifies the user, whatever the login', async () => {
  const first = (await (await app.request(await callback())).json()) as TokenAnswer
  profile = { ...profile, login: 'renamed', name: null }
  const second = (await (await app.request(await callback())).json()) as TokenAnswer
  expect(second.user.id).toBe(first.user.id)
  profile = { ...profile, id: 99 }
  emails = []
  const other = (await (await app.request(await callback())).json()) as TokenAnswer
  expect(other.user.id).not.toBe(first.user.id)
  expect(other.user.email).toBeNull()
})

test('S36 A1 A4 A22 V14: the rules of accounts and profiles apply as for every provider', async () => {
  await app.close()
  const trusted = github({ clientId: 'gh', clientSecret: 'github-secret', url, trustEmail: true })
  app = await startApp({ config: { providers: [trusted], publicUrl: 'https://app.example' } })
  profile = { ...profile, name: `${'n'.repeat(253)}e\u0301\u0323`, avatar_url: 'https://10.0.0.1/1.png' }
  emails = [{ email: 'Mi\u212Ae@cats.example', primary: true, verified: true }]
  const { user } = (await (await app.request(await callback())).json()) as TokenAnswer
  expect(user).toMatchObject({ email: 'mi\u212Ae@cats.example', full_name: 'n'.repeat(253), avatar_url: null })
  profile = { ...profile, id: 99 }
  const reissued = await app.request(await callback())
  expect({ status: reissued.status, code: (await problemOf(reissued)).code }).toEqual({
    status: 409,
    code: 'account_exists',
  })
})

test('S05 a code with the verifier of another flow is invalid_grant', async () => {
  const mine = new URL(await callback(), 'http://localhost')
  const other = new URL(await callback(), 'http://localhost')
  mine.searchParams.set('code', other.searchParams.get('code') ?? '')
  const response = await app.request(mine.pathname + mine.search)
  expect({ status: response.status, code: (await problemOf(response)).code }).toEqual({
    status: 400,
    code: 'invalid_grant',
  })
})

test.each([{ id: 'text' }, { id: null }])('a profile with %j is an error of the provider', async (wrong) => {
  profile = { ...profile, ...wrong }
  const response = await app.request(await callback())
  expect({ status: response.status, code: (await problemOf(response)).code }).toEqual({
    status: 502,
    code: 'provider_error',
  })
})

test('offers no sign-in with ID tokens', async () => {
  const response = await app.request('/auth/github/id_token', { body: { id_token: 'a.b.c' } })
  expect((await problemOf(response)).code).toBe('invalid_request')
})

test.each<[string, (response: ServerResponse) => unknown]>([
  ['403, without the permission', (response) => response.writeHead(403).end('{"message":"Resource not accessible"}')],
  ['404, without the scope', (response) => response.writeHead(404).end('{"message":"Not Found"}')],
  ['403, at the rate limit', (response) => response.writeHead(403, { 'x-ratelimit-remaining': '0' }).end('{}')],
  ['429', (response) => response.writeHead(429, { 'retry-after': '60' }).end()],
  ['500', (response) => response.writeHead(500).end()],
  ['what is no JSON', (response) => response.writeHead(200).end('<html>')],
  ['nothing, for too long', () => undefined],
])('A10: signs in without an e-mail when the addresses answer %s', async (_, fail) => {
  emailsFail = fail
  const answer = (await (await app.request(await callback())).json()) as TokenAnswer
  expect(answer.user).toMatchObject({ username: 'the_octocat', email: null })
})

test('A10: an address that GitHub omits this time is kept', async () => {
  await app.request(await callback())
  emailsFail = (response) => response.writeHead(403).end()
  const answer = (await (await app.request(await callback())).json()) as TokenAnswer
  expect(answer.user.email).toBe('octo@cats.example')
})

test.each([
  ['an empty list', []],
  ['no primary address', [{ email: 'a@cats.example', primary: false, verified: true }]],
  ['what is no list', { message: 'odd' }],
  ['odd entries', [null, 7, { primary: true, email: 9 }]],
])('A10: signs in without an e-mail when the addresses are %s', async (_, list) => {
  emails = list
  const answer = (await (await app.request(await callback())).json()) as TokenAnswer
  expect(answer.user.email).toBeNull()
})

test('A10: an unverified primary address is kept, and is not verified', async () => {
  emails = [{ email: 'octo@cats.example', primary: true, verified: false }]
  await app.request(await callback())
  const [user] = await app.database.db.selectFrom('focus_users').selectAll().execute()
  expect(user).toMatchObject({ email: 'octo@cats.example', email_verified: 0 })
})

test.each([
  { scope: null, expires_in: null, refresh_token: null },
  { scope: '', expires_in: 'x', id_token: null },
  { token_type: null },
])('A11: a token answer with %j signs in', async (members) => {
  tokenAnswer = { ...tokenAnswer, ...members }
  expect((await app.request(await callback())).status).toBe(200)
})

test.each([{ access_token: null }, { access_token: '' }, { error: 'incorrect_client_credentials' }])(
  'A11: a token answer with %j is an error of the provider',
  async (members) => {
    tokenAnswer = { ...tokenAnswer, ...members }
    const response = await app.request(await callback())
    expect({ status: response.status, code: (await problemOf(response)).code }).toEqual({
      status: 502,
      code: 'provider_error',
    })
  },
)
