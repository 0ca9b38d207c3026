import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:net'
import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterEach, describe, expect, test } from 'vitest'
import { manualClock } from '@focus-api/core/testing'
import { isPublicAddress } from '../../src/net/addresses/public-address.ts'
import { lookupWith, systemAddressesOf } from '../../src/net/addresses/address-guard.ts'
import { webhook, type WebhookOptions } from '../../src/transports/channels/webhook.ts'
import { openBench, type OutboxBench, type BenchOptions } from './support/bench.ts'
import { type HttpPeer, say, startHttpPeer } from './support/http-peer.ts'

const secret = `whsec_${randomBytes(32).toString('base64')}`
const older = `whsec_${randomBytes(24).toString('base64')}`
const closing: Array<{ close(): Promise<void> }> = []
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close()
})

async function peer(answer: Parameters<typeof startHttpPeer>[0]): Promise<HttpPeer> {
  const started = await startHttpPeer(answer)
  closing.push(started)
  return started
}

async function bench(
  options: Partial<WebhookOptions> & { url: WebhookOptions['url'] },
  more: Partial<BenchOptions> = {},
) {
  // Verifiers compare the time of the signature with their own.
  const clock = manualClock()
  const opened: OutboxBench = await openBench({
    url: 'sqlite::memory:',
    transports: [webhook({ secret, ...options })],
    clock,
    chance: 0,
    ...more,
  })
  closing.push(opened)
  const states = async () => (await opened.outbound.deliveries.list()).deliveries
  return { ...opened, states }
}

describe('webhook()', () => {
  test('is verified by the Standard Webhooks library, with each of its secrets', async () => {
    const verified: unknown[] = []
    const receiver = await peer(({ body, headers }, response) => {
      for (const key of [secret, older]) {
        verified.push(new Webhook(key).verify(body.toString(), headers as Record<string, string>))
      }
      say(response, 204)
    })
    const { commit, outbound, states } = await bench({ url: `${receiver.url}/hook`, secret: [secret, older] })
    await commit(
      {
        id: '01890000-0000-7000-8000-00000000beef',
        offset: 12,
        title: 'Été',
        message: 'Ça va',
        event: 'limits',
        data: { app: 'é' },
      },
      { transport: 'webhook' },
    )
    await outbound.runDue()
    expect(await states()).toEqual([])
    expect(verified).toHaveLength(2)
    expect(verified[0]).toMatchObject({
      type: 'notification.created',
      data: {
        id: '01890000-0000-7000-8000-00000000beef',
        offset: 12,
        user_id: 1,
        title: 'Été',
        event: 'limits',
        data: { app: 'é' },
      },
    })
    expect(receiver.requests[0]?.headers['webhook-id']).toBe('01890000-0000-7000-8000-00000000beef:12')
    expect(receiver.requests[0]?.headers['webhook-signature']?.toString().split(' ')).toHaveLength(2)
  })

  test('retries after 500 with the same id and a new signature', async () => {
    const receiver = await peer((_, response) => say(response, receiver.requests.length < 3 ? 500 : 200))
    const { commit, outbound, clock, states } = await bench({ url: receiver.url })
    await commit({}, { transport: 'webhook' })
    for (let round = 0; round < 3; round += 1) {
      await outbound.runDue()
      clock.advance(3_600_000)
    }
    expect(await states()).toEqual([])
    expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(3)
  })

  test('waits as long as a 429 asks, in seconds or as a date', async () => {
    const answers = ['17', 'date']
    const { clock, ...rest } = await (async () => {
      const receiver = await peer((_, response) => {
        const next = answers.shift()
        if (next === undefined) return say(response, 200)
        const date = new Date(Math.ceil(opened.clock() / 1_000) * 1_000 + 60_000).toUTCString()
        say(response, 429, '', { 'retry-after': next === 'date' ? date : next })
      })
      const opened = await bench({ url: receiver.url })
      return { ...opened, receiver }
    })()
    await rest.commit({}, { transport: 'webhook' })
    for (const [waitMs, requests] of [
      [16_999, 1],
      [2, 2],
      [59_000, 2],
      [3_000, 3],
    ] as const) {
      await rest.outbound.runDue()
      clock.advance(waitMs)
      await rest.outbound.runDue()
      expect(rest.receiver.requests).toHaveLength(requests)
    }
    expect(await rest.states()).toEqual([])
  })

  test('marks a refused message dead', async () => {
    const receiver = await peer((_, response) => say(response, 422))
    const { commit, outbound, states } = await bench({ url: receiver.url })
    await commit({}, { transport: 'webhook' })
    await outbound.runDue()
    expect(await states()).toMatchObject([{ state: 'dead', lastError: `${new URL(receiver.url).host} answered 422.` }])
  })

  test('is switched off by 410 Gone, and on again by another address', async () => {
    const receiver = await peer((_, response) => say(response, 410))
    const { commit, outbound, clock } = await bench({ url: receiver.url })
    await commit({}, { transport: 'webhook' })
    await outbound.runDue()
    await commit({}, { transport: 'webhook' })
    clock.advance(86_400_000)
    await outbound.runDue()
    expect(receiver.requests).toHaveLength(1)
    expect(await outbound.deliveries.transports()).toMatchObject([{ disabledReason: expect.stringContaining('410') }])
  })

  test('follows no redirect', async () => {
    const elsewhere = await peer((_, response) => say(response, 200))
    const receiver = await peer((_, response) => say(response, 302, '', { location: elsewhere.url }))
    const { commit, outbound, states } = await bench({ url: receiver.url })
    await commit({}, { transport: 'webhook' })
    await outbound.runDue()
    expect(elsewhere.requests).toEqual([])
    expect(await states()).toMatchObject([{ state: 'dead', lastError: expect.stringContaining('302') }])
  })

  test('tries again after a time-out and a reset', async () => {
    const receiver = await peer((_, response, raw) => {
      const turn = receiver.requests.length
      // Nothing at all; a reset; at last an answer.
      if (turn === 2) raw.socket.resetAndDestroy()
      if (turn === 3) say(response, 200)
    })
    const { commit, outbound, clock, states } = await bench({ url: receiver.url, timeoutMs: 200 })
    await commit({}, { transport: 'webhook' })
    const errors: Array<string | null | undefined> = []
    for (let turn = 1; turn <= 3; turn += 1) {
      await outbound.runDue()
      errors.push((await states())[0]?.lastError)
      clock.advance(3_600_000)
    }
    expect(errors).toEqual(['No answer within 200 ms.', expect.stringMatching(/ECONNRESET|socket hang up/), undefined])
    expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  })

  test('tries again when no server listens', async () => {
    const unused = createServer()
    await new Promise<void>((resolve) => unused.listen(0, '127.0.0.1', resolve))
    const { port } = unused.address() as AddressInfo
    await new Promise((resolve) => unused.close(resolve))
    const { commit, outbound, states } = await bench({ url: `http://127.0.0.1:${port}` })
    await commit({}, { transport: 'webhook' })
    await outbound.runDue()
    expect(await states()).toMatchObject([{ state: 'waiting', lastError: expect.stringContaining('ECONNREFUSED') }])
  })

  test('reads only the start of an answer', async () => {
    let written = 0
    const receiver = await peer((_, response) => {
      response.writeHead(200)
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) written += 65_536
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    })
    const { commit, outbound, states } = await bench({ url: receiver.url, timeoutMs: 5_000 })
    await commit({}, { transport: 'webhook' })
    await outbound.runDue()
    expect(await states()).toEqual([])
    expect(written).toBeLessThan(16 * 1_048_576)
  })

  const oddBodies: Record<string, (status: number, response: ServerResponse, raw: IncomingMessage) => void> = {
    'never comes': (status, response) => response.writeHead(status, { 'content-length': 5 }).flushHeaders(),
    trickles: (status, response) => {
      response.writeHead(status)
      const trickle = setInterval(() => response.write('.'), 20)
      response.on('close', () => clearInterval(trickle))
    },
    'is cut': (status, response, raw) => {
      response.writeHead(status, { 'content-length': 500 }).write('half', () => raw.socket.resetAndDestroy())
    },
    'is not in chunks': (status, _, { socket }) =>
      socket.end(`HTTP/1.1 ${status} Odd\r\ntransfer-encoding: chunked\r\n\r\nnot a chunk\r\n`),
  }
  test.each(Object.keys(oddBodies))('R8: the status decides when the body %s', async (name) => {
    let status = 500
    const receiver = await peer((_, response, raw) => oddBodies[name]?.(status, response, raw))
    const { commit, outbound, clock, states } = await bench({ url: receiver.url })
    await commit({}, { transport: 'webhook' })
    await outbound.runDue()
    expect(await states()).toMatchObject([{ lastError: `${new URL(receiver.url).host} answered 500.` }])
    status = 200
    clock.advance(3_600_000)
    await outbound.runDue()
    expect(await states()).toEqual([])
    expect(receiver.requests).toHaveLength(2)
  })

  test("S40 V5: a user's address that asks for 317 years delays its own delivery for a day and no other user", async () => {
    const others = await peer((_, response) => say(response, 200))
    const busy = await peer((_, response) =>
      busy.requests.length === 1 ? say(response, 429, '', { 'retry-after': '9999999999' }) : say(response, 200),
    )
    const { commit, outbound, clock, states } = await bench({
      url: ({ key }) => (key === '1' ? busy.url : others.url),
      allowPrivateNetwork: true,
    })
    await commit({ userKey: '1' }, { transport: 'webhook' })
    await outbound.runDue()
    const [{ dueAt } = {}] = await states()
    expect((dueAt ?? 0) - clock()).toBe(86_400_001)
    await commit({ userKey: '2' }, { transport: 'webhook' })
    await outbound.runDue()
    expect(others.requests).toHaveLength(1)
    clock.advance(86_400_001)
    await outbound.runDue()
    expect(await states()).toEqual([])
  })

  test('S40 V5: a configured address that asks for 317 years pauses its transport for a day', async () => {
    const receiver = await peer((_, response) =>
      receiver.requests.length === 1 ? say(response, 429, '', { 'retry-after': '9999999999' }) : say(response, 200),
    )
    const { commit, outbound, clock, states } = await bench({ url: receiver.url, concurrency: 1 })
    await commit({}, { transport: 'webhook' })
    await outbound.runDue()
    await commit({}, { transport: 'webhook' })
    clock.advance(86_399_000)
    await outbound.runDue()
    expect(receiver.requests).toHaveLength(1)
    clock.advance(1_001)
    await outbound.runDue()
    expect(receiver.requests).toHaveLength(3)
    expect(await states()).toEqual([])
  })

  test.each(['0', '-1', 'Mon, 31 Dec 2001 23:59:00 GMT'])(
    'R9: "Retry-After: %s" does not use up the attempts',
    async (asked) => {
      const receiver = await peer((_, response) => say(response, 503, '', { 'retry-after': asked }))
      const { commit, outbound, clock } = await bench({ url: receiver.url }, { chance: 1 })
      await commit({}, { transport: 'webhook' })
      for (let second = 0; second < 60; second += 1) {
        await outbound.runDue()
        clock.advance(1_000)
      }
      // 1 s, 2 s, 4 s, 8 s, 16 s: the sixth attempt is made after 31 seconds, the seventh after 63.
      expect(receiver.requests).toHaveLength(6)
    },
  )

  test('reaches each address of a user, and retries only those that failed', async () => {
    const fine = await peer((_, response) => say(response, 200))
    const shaky = await peer((_, response) => say(response, shaky.requests.length === 1 ? 503 : 200))
    const gone: string[] = []
    const left = await peer((_, response) => say(response, 410))
    const { commit, outbound, clock, states } = await bench({
      url: () => [fine.url, shaky.url, left.url],
      allowPrivateNetwork: true,
      onGone: (url) => void gone.push(url),
    })
    await commit({}, { transport: 'webhook' })
    await outbound.runDue()
    clock.advance(3_600_000)
    await outbound.runDue()
    expect([fine, shaky, left].map(({ requests }) => requests.length)).toEqual([1, 2, 1])
    expect(gone).toEqual([left.url])
    expect(await states()).toEqual([])
  })

  test('R11: one of two addresses refuses: delivered once, without a retry', async () => {
    const good = await peer((_, response) => say(response, 200))
    const bad = await peer((_, response) => say(response, 404))
    const { commit, outbound, clock, states } = await bench({
      url: () => [bad.url, good.url],
      allowPrivateNetwork: true,
    })
    await commit({}, { transport: 'webhook' })
    await outbound.runDue()
    clock.advance(3_600_000)
    await outbound.runDue()
    expect([good, bad].map(({ requests }) => requests.length)).toEqual([1, 1])
    expect(await states()).toEqual([])
    expect(outbound.counters.of('webhook')).toMatchObject({ delivered: 1, dead: 0 })
  })

  test('R11: one of two addresses fails until the last attempt: delivered, and the other has it once', async () => {
    const good = await peer((_, response) => say(response, 200))
    const bad = await peer((_, response) => say(response, 500))
    const refusing = await peer((_, response) => say(response, 400))
    const { commit, outbound, clock, states } = await bench({
      url: () => [refusing.url, bad.url, good.url],
      allowPrivateNetwork: true,
      retry: { maxAttempts: 3 },
    })
    await commit({}, { transport: 'webhook' })
    for (let attempt = 0; attempt < 4; attempt += 1) {
      await outbound.runDue()
      clock.advance(3_600_000)
    }
    expect([good, bad, refusing].map(({ requests }) => requests.length)).toEqual([1, 3, 1])
    expect(await states()).toEqual([])
    expect(outbound.counters.of('webhook')).toMatchObject({ delivered: 1, dead: 0 })
  })

  test('R11: an address that hangs until the time-out causes no second copy at another', async () => {
    const good = await peer((_, response) => say(response, 200))
    const hanging = await peer((_, response) => void (hanging.requests.length > 1 && say(response, 200)))
    const { commit, outbound, clock, states } = await bench({
      url: () => [good.url, hanging.url],
      allowPrivateNetwork: true,
      timeoutMs: 300,
    })
    await commit({}, { transport: 'webhook' })
    await outbound.runDue()
    expect(await states()).toMatchObject([{ state: 'waiting', lastError: 'No answer within 300 ms.' }])
    clock.advance(3_600_000)
    await outbound.runDue()
    expect([good, hanging].map(({ requests }) => requests.length)).toEqual([1, 2])
    expect(await states()).toEqual([])
  })

  test('R11: a message that no address accepts is dead, and a retry by an operator tries every address', async () => {
    const answers = { first: [400, 200], second: [503, 400, 200] }
    const first = await peer((_, response) => say(response, answers.first.shift() ?? 500))
    const second = await peer((_, response) => say(response, answers.second.shift() ?? 500))
    const { commit, outbound, clock, states } = await bench({
      url: () => [first.url, second.url],
      allowPrivateNetwork: true,
    })
    await commit({}, { transport: 'webhook' })
    await outbound.runDue()
    clock.advance(3_600_000)
    await outbound.runDue()
    expect([first, second].map(({ requests }) => requests.length)).toEqual([1, 2])
    const [dead] = await states()
    expect(dead).toMatchObject({ state: 'dead', lastError: expect.stringContaining('answered 400') })
    await outbound.deliveries.retry({ ids: [dead?.id ?? 0] })
    await outbound.runDue()
    expect([first, second].map(({ requests }) => requests.length)).toEqual([2, 3])
    expect(await states()).toEqual([])
  })

  test('S30 refuses a URL of a user that leads into the private network, by address or by name', async () => {
    const inside = await peer((_, response) => say(response, 200))
    const { port } = new URL(inside.url)
    const targets = [
      inside.url,
      `https://127.0.0.1:${port}`,
      `https://[::1]:${port}`,
      `https://[::ffff:127.0.0.1]:${port}`,
      `https://2130706433:${port}`,
      `https://localhost:${port}`,
      'https://169.254.169.254/latest/meta-data',
      'https://user:password@example.com',
      'ftp://example.com',
      'nonsense',
    ]
    for (const target of targets) {
      const { commit, outbound, states } = await bench({ url: () => target })
      await commit({}, { transport: 'webhook' })
      await outbound.runDue()
      expect(await states(), target).toMatchObject([{ state: 'dead' }])
    }
    expect(inside.requests).toEqual([])
  })

  test('refuses invalid settings', () => {
    const make = (options: Partial<WebhookOptions>) => () => webhook({ url: 'https://example.com', secret, ...options })
    expect(make({ url: 'http://example.com' })).toThrow(/not https/)
    expect(make({ url: 'https://10.0.0.7/hook' })).toThrow(/public internet/)
    expect(make({ secret: 'whsec_short' })).toThrow(/secret is not `whsec_`/)
    expect(make({ secret: [] })).toThrow(/secret is missing/)
    expect(make({ concurrency: 0 })).toThrow(/concurrency/)
    expect(make({})).not.toThrow()
  })
})

describe('S30 the address guard', () => {
  test.each([
    '8.8.8.8',
    '93.184.215.14',
    '2606:2800:21f:cb07:6820:80da:af6b:8b2c',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
  ])('allows %s', (address) => expect(isPublicAddress(address)).toBe(true))
  test.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1',
    'fe80::1%eth0',
    'fc00::1',
    'fd12::1',
    'ff02::1',
    '::ffff:10.0.0.1',
    '64:ff9b::10.0.0.1',
    '2002:a00:1::',
    '2001:db8::1',
    'not an address',
  ])('forbids %s', (address) => expect(isPublicAddress(address)).toBe(false))

  test('checks the resolved addresses of the connection itself', async () => {
    const lookup = lookupWith(systemAddressesOf, { guarded: true })
    const resolved = new Promise((resolve) => lookup('localhost', {}, (error) => resolve(error?.message)))
    expect(await resolved).toBe('localhost is not an address on the public internet.')
  })
})
