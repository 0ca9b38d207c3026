import { afterEach, expect, test } from 'vitest'
import { createFocus, type Focus, type FocusOptions } from '../../../src/index.ts'
import { startApp } from '../support/app.ts'
import { authServiceOf } from '../../internals.ts'
import { startByFetch, pathOf } from '../support/flow.ts'
import { googleAt } from '../support/google.ts'
import { TestIssuer } from '../support/issuer.ts'

const ends: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

async function start(options: FocusOptions): Promise<Focus> {
  const focus = await createFocus({ database: 'sqlite::memory:', secret: 's'.repeat(32), env: {}, ...options })
  ends.push(() => focus.close())
  return focus
}

async function startIssuer(): Promise<TestIssuer> {
  const issuer = await TestIssuer.start()
  ends.push(() => issuer.close())
  return issuer
}

const written = [
  ['https://MÜNCHEN.example:443/', 'https://xn--mnchen-3ya.example'],
  ['HTTPS://App.Example', 'https://app.example'],
  ['https://app.example.', 'https://app.example'],
  ['https://app.example:8443', 'https://app.example:8443'],
] as const

test.each(written)('A21: the page of allowedOrigins %s is %s to a browser', async (configured, origin) => {
  const focus = await start({ allowedOrigins: [configured] })
  const answer = await focus.fetch(new Request('http://localhost/api/health', { headers: { origin } }))
  expect(answer.headers.get('access-control-allow-origin')).toBe(origin)
})

test.each(written)('A21: the public URL %s allows its own page %s', async (configured, origin) => {
  const focus = await start({ env: { FOCUS_PUBLIC_URL: configured } })
  const answer = await focus.fetch(new Request('http://localhost/api/health', { headers: { origin } }))
  expect(answer.headers.get('access-control-allow-origin')).toBe(origin)
})

test.each(written)('A21: the callback at the public URL %s is below %s', async (publicUrl, origin) => {
  const issuer = await startIssuer()
  const { clientId, clientSecret } = issuer
  const focus = await start({ publicUrl, google: { clientId, clientSecret, issuer: issuer.url } })
  const { authorizationUrl } = await authServiceOf(focus).signIn.start('google')
  const expected = new URL(authorizationUrl).searchParams.get('redirect_uri')
  expect(expected).toBe(`${origin}/api/auth/google/callback`)
})

test.each(written)('A21: a sign-in may return to %s written as %s', async (configured, origin) => {
  const issuer = await startIssuer()
  const { clientId, clientSecret } = issuer
  const google = { clientId, clientSecret, issuer: issuer.url, redirectUri: 'http://localhost:8000/callback' }
  const focus = await start({ returnTo: [configured], google })
  const started = authServiceOf(focus).signIn.start('google', { returnTo: `${origin}/welcome`, bind: true })
  await expect(started).resolves.toMatchObject({ authorizationUrl: expect.any(String) })
})

test.each(['http://LocalHost:8000/api/auth/google/callback', 'http://127.0.0.1:80/api/auth/google/callback'])(
  'A21: the redirect URI %s is sent as registered, to both endpoints',
  async (redirectUri) => {
    const issuer = await startIssuer()
    const app = await startApp({ config: { providers: [googleAt(issuer, { redirectUri })] } })
    ends.push(() => app.close())
    const { authorization_url: url } = await startByFetch(app)
    expect(new URL(url).searchParams.get('redirect_uri')).toBe(redirectUri)
    // The issuer compares the two exactly.
    expect((await app.request(pathOf(await issuer.authorize(url)))).status).toBe(200)
  },
)

test('A21: an issuer is compared exactly, including a trailing slash', async () => {
  const issuer = await startIssuer()
  const app = await startApp({ config: { providers: [googleAt(issuer, { issuer: `${issuer.url}/` })] } })
  ends.push(() => app.close())
  const response = await app.request('/auth/google')
  expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([502, 'provider_error'])
})
