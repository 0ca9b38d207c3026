import { createECDH, randomBytes } from 'node:crypto'
import { decodeProtectedHeader, importJWK, jwtVerify } from 'jose'
import ece from 'http_ece'
import { afterEach, describe, expect, test } from 'vitest'
import webPushLibrary from 'web-push'
import { payloadOf, webPush } from '../../src/transports/channels/web-push.ts'
import { eventOf, openBench, person } from './support/bench.ts'
import { type HttpPeer, type PeerRequest, say, startHttpPeer } from './support/http-peer.ts'

const vapid = webPushLibrary.generateVAPIDKeys()
const closing: Array<{ close(): Promise<void> }> = []
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close()
})

/** A browser with its own keys, which decrypts pushes. */
function browser(endpoint: string) {
  const keys = createECDH('prime256v1')
  keys.generateKeys()
  const auth = randomBytes(16)
  return {
    subscription: {
      endpoint,
      expirationTime: null,
      keys: { p256dh: keys.getPublicKey().toString('base64url'), auth: auth.toString('base64url') },
    },
    read: ({ body }: PeerRequest) =>
      JSON.parse(
        ece
          .decrypt(body, { version: 'aes128gcm', privateKey: keys, authSecret: auth.toString('base64url') })
          .toString(),
      ) as Record<string, unknown>,
  }
}

async function startPushService(
  answer: (request: PeerRequest) => readonly [number, Record<string, string>?] = () => [201],
): Promise<HttpPeer> {
  const peer = await startHttpPeer((request, response) => {
    const [status, headers] = answer(request)
    say(response, status, '', headers)
  })
  closing.push(peer)
  return peer
}

async function bench(allowPrivateNetwork = true) {
  const transport = webPush({ subject: 'mailto:ops@app.example', ...vapid, allowPrivateNetwork })
  const opened = await openBench({ url: 'sqlite::memory:', transports: [transport], chance: 0 })
  closing.push(opened)
  return {
    ...opened,
    transport,
    states: async () => (await opened.outbound.deliveries.list()).deliveries,
    register: (endpoint: string) => {
      const made = browser(endpoint)
      return opened.pushSubscriptions.put('1', made.subscription, { now: opened.clock(), max: 20 }).then(() => made)
    },
  }
}

describe('webPush()', () => {
  test('encrypts for the browser and signs with the VAPID key', async () => {
    const service = await startPushService()
    const { register, commit, outbound, states } = await bench()
    const chrome = await register(`${service.url}/push/1`)
    await commit(
      {
        id: '01890000-0000-7000-8000-0000000000aa',
        title: 'Été',
        message: 'Ça va',
        type: 'warning',
        data: { app: 'é' },
      },
      { transport: 'web_push' },
    )
    await outbound.runDue()
    expect(await states()).toEqual([])
    const [push] = service.requests
    if (!push) throw new Error('nothing was pushed')
    expect(chrome.read(push)).toMatchObject({
      title: 'Été',
      message: 'Ça va',
      notification_type: 'warning',
      data: { app: 'é' },
    })
    expect(push.headers).toMatchObject({
      ttl: '86400',
      urgency: 'high',
      topic: '018900000000700080000000000000aa',
      'content-encoding': 'aes128gcm',
    })
    const [, token = '', key = ''] = /^vapid t=([^,]+), ?k=(.+)$/.exec(push.headers.authorization ?? '') ?? []
    expect(key).toBe(vapid.publicKey)
    const point = Buffer.from(vapid.publicKey, 'base64url')
    const publicKey = await importJWK(
      {
        kty: 'EC',
        crv: 'P-256',
        x: point.subarray(1, 33).toString('base64url'),
        y: point.subarray(33).toString('base64url'),
      },
      'ES256',
    )
    expect(decodeProtectedHeader(token).alg).toBe('ES256')
    const { payload } = await jwtVerify(token, publicKey, { audience: service.url })
    expect(payload.sub).toBe('mailto:ops@app.example')
  })

  test.each([404, 410])(
    'forgets a browser that its push service answers %i for, and reaches the others',
    async (status) => {
      const service = await startPushService(({ path }) => [path === '/gone' ? status : 201])
      const { register, commit, outbound, pushSubscriptions, clock, states } = await bench()
      await register(`${service.url}/gone`)
      await register(`${service.url}/here`)
      await commit({}, { transport: 'web_push' })
      await outbound.runDue()
      expect(await states()).toEqual([])
      expect((await pushSubscriptions.list('1', clock())).map(({ endpoint }) => endpoint)).toEqual([
        `${service.url}/here`,
      ])
    },
  )

  test('retries only the browser whose push service was busy', async () => {
    let busy = true
    const service = await startPushService(({ path }) =>
      busy && path === '/busy' ? [429, { 'retry-after': '20' }] : [201],
    )
    const { register, commit, outbound, clock, states } = await bench()
    await register(`${service.url}/busy`)
    await register(`${service.url}/fine`)
    await commit({}, { transport: 'web_push' })
    await outbound.runDue()
    busy = false
    clock.advance(19_000)
    await outbound.runDue()
    expect(service.requests).toHaveLength(2)
    clock.advance(2_000)
    await outbound.runDue()
    expect(service.requests.map(({ path }) => path).toSorted()).toEqual(['/busy', '/busy', '/fine'])
    expect(await states()).toEqual([])
  })

  test('marks a refused message dead', async () => {
    const service = await startPushService(() => [413])
    const { register, commit, outbound, states } = await bench()
    await register(`${service.url}/push`)
    await commit({}, { transport: 'web_push' })
    await outbound.runDue()
    expect(await states()).toMatchObject([{ state: 'dead', lastError: expect.stringContaining('413') }])
  })

  test('S30 calls no endpoint in the private network', async () => {
    const service = await startPushService()
    const { register, commit, outbound, states, transport } = await bench(false)
    await register(`${service.url}/push`)
    await commit({}, { transport: 'web_push' })
    await outbound.runDue()
    expect(service.requests).toEqual([])
    expect(await states()).toMatchObject([{ state: 'dead' }])
    expect(() => transport.checkEndpoint('https://192.168.0.1/x')).toThrow(/public internet/)
  })

  test('skips users without a browser', async () => {
    const { commit, outbound, states } = await bench()
    await commit({}, { transport: 'web_push' })
    await outbound.runDue()
    expect(await states()).toEqual([])
  })

  test('keeps a payload within one encrypted record', () => {
    const {
      stream: _,
      userKey: __,
      ...event
    } = eventOf({ message: 'é'.repeat(3_000), data: { blob: 'x'.repeat(10_000) } }, 0)
    const payload = payloadOf({ ...event, user: person('1'), to: [], critical: false })
    expect(Buffer.byteLength(payload)).toBeLessThanOrEqual(3_993)
    expect(JSON.parse(payload)).not.toHaveProperty('data')
  })

  test('R13: does not cut a character of a message in half', () => {
    const family = '👩‍👩‍👧'
    for (let before = 0; before < family.length; before += 1) {
      const { stream: _, userKey: __, ...event } = eventOf({ message: 'x'.repeat(before) + family.repeat(2_000) }, 0)
      const payload = payloadOf({ ...event, user: person('1'), to: [], critical: false })
      const { message } = JSON.parse(payload) as { message: string }
      expect(message.replace(/^x*/, '').replaceAll(family, '')).toBe('…')
      expect(message.length).toBeGreaterThan(180)
    }
  })

  test('refuses invalid keys', () => {
    expect(() => webPush({ subject: 'mailto:a@b.c', publicKey: 'x', privateKey: 'y' })).toThrow(/VAPID/)
    expect(() => webPush({ subject: 'a@b.c', ...vapid })).toThrow(/subject/)
  })
})
