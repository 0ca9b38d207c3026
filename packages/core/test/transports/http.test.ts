import { createECDH, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import webPushLibrary from 'web-push'
import { createFocus, type Focus } from '../../src/index.ts'
import { webPush } from '../../src/transports/channels/web-push.ts'
import { signInAlice } from '@focus-api/test-kit/focus/alice'
import { recorder } from './support/bench.ts'

const vapid = webPushLibrary.generateVAPIDKeys()
const links: Array<string | null> = []
const { transport: mail } = recorder('email', undefined, {
  addresses: (user) => [user.email],
  start(host) {
    unsubscribeUrl = (message) => host.unsubscribeUrl(message, 'email')
  },
})
const { transport: listening, received } = recorder(
  'listening',
  ({ message }) => void links.push(unsubscribeUrl(message)),
)
let unsubscribeUrl: (message: (typeof received)[number]['message']) => string | null = () => null
let focus: Focus
let userId: number | string
let token: string

beforeAll(async () => {
  focus = await createFocus({
    database: 'sqlite::memory:',
    publicUrl: 'http://localhost:8000',
    google: { clientId: 'id', clientSecret: 'secret' },
    env: {},
    transports: [mail, listening, webPush({ subject: 'mailto:ops@app.example', ...vapid })],
  })
  const session = await signInAlice(focus)
  userId = session.user.id
  token = session.accessToken
})
afterAll(() => focus.close())

async function call(method: string, path: string, body?: object, bearer: string | null = token) {
  const response = await focus.fetch(
    new Request(path.startsWith('http') ? path : `http://localhost:8000/api${path}`, {
      method,
      headers: {
        ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  )
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text.startsWith('{') ? (JSON.parse(text) as object) : text,
  }
}

describe('GET and PUT /notifications/preferences', () => {
  test('start with everything on', async () => {
    expect((await call('GET', '/notifications/preferences')).body).toEqual({
      locale: null,
      preferences: {},
      topics: ['activities', 'limits', 'challenges'],
      transports: ['email', 'listening', 'web_push'],
    })
  })

  test('replace the fields that are sent and keep the others', async () => {
    const preferences = { limits: { email: false }, '*': { web_push: false } }
    expect(await call('PUT', '/notifications/preferences', { preferences, locale: 'EN-gb' })).toMatchObject({
      status: 200,
      body: { preferences, locale: 'en-GB' },
    })
    expect((await call('PUT', '/notifications/preferences', { locale: null })).body).toMatchObject({
      preferences,
      locale: null,
    })
    expect((await call('PUT', '/notifications/preferences', { preferences: {} })).body).toMatchObject({
      preferences: {},
    })
  })

  test.each([
    [{}, /neither/],
    [{ preferences: { limits: { pigeon: true } } }, /no transport "pigeon"/],
    [{ preferences: { limits: { email: 'no' } } }, /true or false/],
    [{ preferences: { limits: false } }, /object of transports/],
    [{ preferences: [] }, /object of topics/],
    [{ locale: 'not a language' }, /language tag/],
    [{ preferences: { ['x'.repeat(192)]: { email: false } } }, /191/],
  ])('refuse %j', async (body, detail) => {
    expect(await call('PUT', '/notifications/preferences', body)).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', detail: expect.stringMatching(detail) },
    })
  })

  test('S31 belong to one user', async () => {
    expect((await call('GET', '/notifications/preferences', undefined, null)).status).toBe(401)
  })
})

test.each([
  ['fr_FR', 'fr-FR'],
  ['EN-gb', 'en-GB'],
  ['de_DE.UTF-8', 'de-DE'],
])('R19: the preferences take the locale %j for %j', async (locale, kept) => {
  expect(await call('PUT', '/notifications/preferences', { locale })).toMatchObject({
    status: 200,
    body: { locale: kept },
  })
})

describe('/notifications/push-subscriptions', () => {
  const keys = createECDH('prime256v1')
  keys.generateKeys()
  const subscription = {
    endpoint: 'https://fcm.googleapis.com/fcm/send/abc',
    expirationTime: null,
    keys: { p256dh: keys.getPublicKey().toString('base64url'), auth: randomBytes(16).toString('base64url') },
  }

  const offCurve = Buffer.alloc(65, 7).fill(4, 0, 1).toString('base64url')

  test('S40 V4: refuses an endpoint at an unknown push service, and lists the known ones', async () => {
    const endpoint = 'https://push.example.com/x'
    expect(await call('POST', '/notifications/push-subscriptions', { ...subscription, endpoint })).toMatchObject({
      status: 400,
      body: { code: 'push_service_not_allowed', hint: expect.stringContaining('fcm.googleapis.com') },
    })
  })

  test('registers a browser once, however often it asks, and removes it', async () => {
    for (let turn = 0; turn < 2; turn += 1) {
      expect(await call('POST', '/notifications/push-subscriptions', subscription)).toMatchObject({
        status: 201,
        body: { endpoint: subscription.endpoint },
      })
    }
    expect((await call('GET', '/notifications/push-subscriptions')).body).toEqual({
      public_key: vapid.publicKey,
      subscriptions: [{ endpoint: subscription.endpoint }],
    })
    const { endpoint } = subscription
    expect((await call('DELETE', '/notifications/push-subscriptions', { endpoint })).status).toBe(204)
    expect((await call('DELETE', '/notifications/push-subscriptions', { endpoint })).status).toBe(204)
    expect((await call('GET', '/notifications/push-subscriptions')).body).toMatchObject({ subscriptions: [] })
  })

  test.each([
    [{ ...subscription, endpoint: 'http://push.example.com/x' }, /not https/],
    [{ ...subscription, endpoint: 'https://192.168.1.1/x' }, /public internet/],
    [{ ...subscription, endpoint: 'https://localhost/x' }, /public internet/],
    [{ ...subscription, endpoint: 'nonsense' }, /endpoint/],
    [{ ...subscription, keys: { ...subscription.keys, p256dh: 'AAAA' } }, /p256dh/],
    [{ ...subscription, keys: { ...subscription.keys, p256dh: offCurve } }, /p256dh: is not a point of the curve/],
    [{ ...subscription, keys: { ...subscription.keys, auth: 'AAAA' } }, /auth: is not 16 bytes/],
    [{ endpoint: subscription.endpoint }, /keys/],
  ])('S30 R11: refuses %j', async (body, detail) => {
    expect(await call('POST', '/notifications/push-subscriptions', body)).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', detail: expect.stringMatching(detail) },
    })
  })
})

describe('the link in a message', () => {
  async function linkFor(event?: string): Promise<string> {
    const before = links.length
    await focus.notifications.notifyUser({
      userId,
      title: 'Hello',
      message: '',
      ...(event === undefined ? {} : { event }),
    })
    await expect.poll(() => links.length).toBe(before + 1)
    return links.at(-1) ?? ''
  }

  test('asks before it changes anything, and unsubscribes with one click, without a sign-in', async () => {
    const link = await linkFor('limits')
    const asked = await call('GET', link, undefined, null)
    expect(asked).toMatchObject({ status: 200, body: expect.stringContaining('<form method="post">') })
    expect(asked.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect((await focus.preferences.get(userId)).preferences).toEqual({})
    expect((await call('POST', link, undefined, null)).status).toBe(200)
    expect((await focus.preferences.get(userId)).preferences).toEqual({ limits: { email: false } })
  })

  test('switches everything off for a message without a topic', async () => {
    await focus.preferences.put(userId, { preferences: {} })
    await call('POST', await linkFor(), undefined, null)
    expect((await focus.preferences.get(userId)).preferences).toEqual({ '*': { email: false } })
  })

  test('cannot be forged', async () => {
    const link = await linkFor('limits')
    for (const forged of [
      link.slice(0, -4),
      link.replace('token=', 'token=x'),
      link.replace(/token=.*/, 'token='),
      link.replace(/\?.*/, ''),
    ]) {
      expect(await call('POST', forged, undefined, null), forged).toMatchObject({
        status: 400,
        body: { code: 'invalid_request' },
      })
    }
  })
})
