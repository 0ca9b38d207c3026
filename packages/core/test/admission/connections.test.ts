import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { nodeHandler } from '@focus-api/adapters/node'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { HubServer } from '../realtime/support/hub-server.ts'
import { refusalOf } from '../realtime/support/refusal.ts'
import { countOf, Production } from './production.ts'

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function start(options: Parameters<typeof Production.start>[0] = {}): Promise<Production> {
  const server = await Production.start(options)
  closing.push(() => server.stop())
  return server
}

async function startHub(options: Parameters<typeof HubServer.start>[0]): Promise<HubServer> {
  const server = await HubServer.start({ trustedProxies: ['loopback'], ...options })
  closing.push(() => server.stop())
  return server
}

describe('V2, V9: sockets share the budget of their user', () => {
  const open = async (server: Production, token: string, address: string) => {
    const socket = new WebSocket(`${server.app.url.replace('http', 'ws')}/ws/notifications?token=${token}`, {
      headers: { 'x-forwarded-for': address },
    })
    socket.on('error', () => undefined)
    closing.push(() => socket.terminate())
    return socket
  }

  test('a sync or a read that the user cannot pay for is refused with the time to wait', async () => {
    const server = await start({ rateLimits: { perUser: { capacity: 20, perSecond: 1 } } })
    const { token } = await server.person('mallory')
    const socket = await open(server, token, '203.0.113.5')
    await once(socket, 'message')
    const answers: { type: string; code?: string; retry_after?: number; ref?: number }[] = []
    socket.on('message', (data: Buffer) => answers.push(JSON.parse(data.toString())))
    for (const ref of [1, 2, 3, 4, 5]) socket.send(JSON.stringify({ action: 'read', ids: ['none'], ref }))
    await expect.poll(() => answers.length).toBe(5)
    const refused = answers.filter(({ type }) => type === 'error')
    expect(refused).toHaveLength(2)
    expect(refused[0]).toMatchObject({ code: 'rate_limited', retry_after: expect.any(Number) })
    expect((await server.from('198.51.100.9', '/auth/sessions', { token })).status).toBe(429)
  })

  test('an upgrade with a known token is refused before the WebSocket exists', async () => {
    const server = await start({ rateLimits: { perUser: { capacity: 10, perSecond: 1 } } })
    const { token } = await server.person('mallory')
    expect(countOf(await server.statuses(6, () => server.from('198.51.100.9', '/auth/me', { token })), 200)).toBe(6)
    const socket = await open(server, token, '203.0.113.5')
    const [, response] = await once(socket, 'unexpected-response')
    expect(response).toMatchObject({ statusCode: 429, headers: { 'retry-after': expect.any(String) } })
  })
})

describe('V3: connections of one address', () => {
  test('are limited together, and another address is not', async () => {
    const server = await startHub({ limits: { connectionsPerAddress: 2 } })
    const from = (address: string) => server.dial('?token=1', [], { 'x-forwarded-for': address })
    const kept = [from('203.0.113.5'), from('203.0.113.5')]
    for (const client of kept) await client.next('connection')
    const refusal = await refusalOf(from('203.0.113.5'))
    expect(refusal).toMatchObject({ status: 429, problem: { code: 'rate_limited' } })
    expect(Number(refusal.headers['retry-after'])).toBeGreaterThan(0)
    await from('203.0.113.6').next('connection')
    await kept[0]?.close()
    await expect.poll(() => server.hub.stats().then(({ activeConnections }) => activeConnections)).toBe(2)
    await from('203.0.113.5').next('connection')
  })

  test('without credentials may take a tenth of the places, and only known addresses the last half', async () => {
    const server = await startHub({ limits: { unauthenticatedPerNode: 40 }, budgets: { exemptLoopback: false } })
    const from = (address: string, query = '') => server.dial(query, [], { 'x-forwarded-for': address })
    await from('198.51.100.9', '?token=1').next('connection')
    for (let n = 0; n < 4; n += 1) await from('203.0.113.5').opened()
    expect(await refusalOf(from('203.0.113.5'))).toMatchObject({ status: 503, problem: { code: 'at_capacity' } })
    for (let n = 0; n < 16; n += 1) await from(`10.0.${n}.1`).opened()
    expect(await refusalOf(from('10.0.99.1'))).toMatchObject({ status: 503 })
    await from('198.51.100.9').opened()
    await from('10.0.99.1', '?token=2').next('connection')
  })
})

test('V13: handshakes with bad tokens are refused with 429 before a WebSocket exists, and known addresses are not', async () => {
  const server = await startHub({ budgets: { exemptLoopback: false, perMinute: { credentials: 3 } } })
  const from = (address: string, token: string) => server.dial(`?token=${token}`, [], { 'x-forwarded-for': address })
  for (let n = 0; n < 3; n += 1) expect((await from('203.0.113.5', 'bad').closed).code).toBe(4500)
  expect(await refusalOf(from('203.0.113.5', 'bad'))).toMatchObject({ status: 429 })
  await from('203.0.113.6', '7').next('connection')
})

test('V13: a handshake that ends before its token is looked at takes no place from other addresses', async () => {
  const server = await startHub({ budgets: { exemptLoopback: false, perProcess: { credentials: 60 } } })
  const headers = { 'x-forwarded-for': '203.0.113.5' }
  for (let n = 0; n < 10; n += 1) await server.dial('?token=7', ['another'], headers).closed
  for (let n = 0; n < 10; n += 1) {
    const path = `${server.url.replace('ws', 'http')}?token=7`
    const broken = { ...headers, connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-key': 'short' }
    const [response] = await once(httpRequest(path, { headers: broken }).end(), 'response')
    expect(response.statusCode).toBe(400)
  }
  await server.dial('?token=7', [], { 'x-forwarded-for': '203.0.113.6' }).next('connection')
})

describe('V14: a body that does not arrive', () => {
  const post = async (server: Production, path: string, headers: readonly string[]) => {
    const { hostname, port } = new URL(server.app.url)
    const socket = connect(Number(port), hostname)
    closing.push(() => void socket.destroy())
    await once(socket, 'connect')
    const head = [`POST /api${path} HTTP/1.1`, 'Host: x', 'Content-Type: application/json', 'Content-Length: 1000']
    socket.write(`${[...head, ...headers].join('\r\n')}\r\n\r\n{`)
    return socket
  }

  test('is answered with 408, and its connection is cut', async () => {
    const server = await start({ limits: { bodyTimeout: 100 } })
    const answer = await text(await post(server, '/auth/refresh', []))
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(answer).toContain('"code":"request_timeout"')
  })

  test('V12: of a request that is refused keeps neither the answer waiting nor the connection', async () => {
    const server = await start()
    const socket = await post(server, '/notifications/read', [])
    const [answer] = await once(socket, 'data')
    expect(String(answer)).toMatch(/^HTTP\/1\.1 401 /)
    // A byte now and then keeps every idle time-out from ending it.
    const trickle = setInterval(() => socket.write(' '), 100)
    closing.push(() => clearInterval(trickle))
    socket.on('error', () => undefined)
    await once(socket.resume(), 'close')
  })
})

describe('V7: a server on a Unix socket', () => {
  async function ask(trustedProxies: readonly string[]) {
    const server = await start({ trustedProxies, rateLimits: { perMinute: { public: 2 } } })
    const folder = temporaryFolder('socket')
    const socketPath = join(folder, 'focus.sock')
    const handle = nodeHandler(server.app.focus)
    const http = createServer((req, res) => void handle(req, res))
    await once(http.listen(socketPath), 'listening')
    closing.push(() => {
      http.close()
      http.closeAllConnections()
      removeFolder(folder)
    })
    const status = async (address: string) => {
      const request = httpRequest({ socketPath, path: '/api/auth/jwks.json', headers: { 'x-forwarded-for': address } })
      const [response] = await once(request.end(), 'response')
      response.resume()
      return Number(response.statusCode)
    }
    return { server, status }
  }

  test('tells clients apart where the proxy is named by the word unix', async () => {
    const { status } = await ask(['unix'])
    expect(await Promise.all([1, 2, 3].map(() => status('203.0.113.5')))).toContain(429)
    expect(await status('198.51.100.7')).toBe(200)
  })

  test('counts all of them together otherwise, and warns once', async () => {
    const { server, status } = await ask(['loopback'])
    const statuses = await server.statuses(40, async (n) => new Response(null, { status: await status(`10.0.${n}.1`) }))
    expect(countOf(statuses, 200)).toBeGreaterThanOrEqual(32)
    expect(countOf(statuses, 429)).toBeGreaterThanOrEqual(4)
    expect(server.log.filter(({ message }) => message.includes('FOCUS_TRUSTED_PROXIES=unix'))).toHaveLength(1)
  })
})
