import { createHash, randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { github } from '../../src/auth/providers/github.ts'
import { type App, startApp } from './support/app.ts'
import { begin, pathOf, problemOf, type TokenAnswer } from './support/flow.ts'

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
const challenges = new Map<string, string>()

/** What GitHub answers at the four addresses that a sign-in touches. */
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
    if (pathname === '/api/v3/user/emails') return void json(emails)
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
      json({ access_token: 'gho_token', token_type: 'bearer', scope: 'read:user,user:email' })
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
  emails = [
    { email: 'old@cats.example', primary: false, verified: true },
    { email: 'Octo@cats.example', primary: true, verified: true },
  ]
  app = await startApp({ config: { providers: [github({ clientId: 'gh', clientSecret: 'github-secret', url })] } })
})

afterEach(async () => {
  await app.close()
})

async function callback(): Promise<string> {
  const { authorization_url: authorizationUrl } = await begin(app, 'github')
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

test('the number is the person, whatever the login', async () => {
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

test('S05 a code that another verifier belongs to is invalid_grant', async () => {
  const mine = new URL(await callback(), 'http://localhost')
  const other = new URL(await callback(), 'http://localhost')
  mine.searchParams.set('code', other.searchParams.get('code') ?? '')
  const response = await app.request(mine.pathname + mine.search)
  expect({ status: response.status, code: (await problemOf(response)).code }).toEqual({
    status: 400,
    code: 'invalid_grant',
  })
})

test.each([{ id: 'text' }, { id: null }])('a profile with %j is a provider’s error', async (wrong) => {
  profile = { ...profile, ...wrong }
  const response = await app.request(await callback())
  expect({ status: response.status, code: (await problemOf(response)).code }).toEqual({
    status: 502,
    code: 'provider_error',
  })
})

test('has no ID tokens to sign in with', async () => {
  const response = await app.request('/auth/github/id_token', { body: { id_token: 'a.b.c' } })
  expect((await problemOf(response)).code).toBe('invalid_request')
})
