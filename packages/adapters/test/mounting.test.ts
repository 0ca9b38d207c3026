import { once } from 'node:events'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { createFocus, type Focus } from '@focus-api/core'
import express from 'express'
import Fastify from 'fastify'
import { afterEach, expect, test } from 'vitest'
import * as forExpress from '../src/express.ts'
import * as forFastify from '../src/fastify.ts'
import { routeHandlers } from '../src/fetch.ts'
import { attachUpgrade, nodeHandler } from '../src/node.ts'
import { hosts, urlOf } from './hosts.ts'
import { profileOf } from '@focus-api/test-kit/focus/profile'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function start(basePath = '/api'): Promise<Focus> {
  const focus = await createFocus({ database: 'sqlite::memory:', basePath, env: {} })
  closing.push(() => focus.close())
  return focus
}

async function signIn({ auth }: Focus) {
  const { user } = await auth.accounts.signIn(profileOf('a', { preferredUsername: 'a' }))
  return auth.sessions.start(user, 'test')
}

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('below an Express router with its own path', async () => {
  const focus = await start('/v1/api')
  const app = express()
  const router = express.Router()
  forExpress.mountFocus(router, focus)
  app.use('/v1', router)
  const url = await listen(createServer(app))
  expect((await fetch(`${url}/v1/api/health`)).status).toBe(200)
  expect((await fetch(`${url}/api/health`)).status).toBe(404)
})

test('below a Fastify prefix', async () => {
  const focus = await start('/v1/api')
  const app = Fastify()
  closing.push(() => app.close())
  await app.register(forFastify.focusPlugin, { focus, prefix: '/v1' })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  expect((await fetch(`${url}/v1/api/health`)).status).toBe(200)
  expect((await fetch(`${url}/api/health`)).status).toBe(404)
})

test('a Fastify prefix that is not a prefix of the base path is refused with a hint', async () => {
  const focus = await start()
  const app = Fastify()
  closing.push(() => app.close())
  await expect(app.register(forFastify.focusPlugin, { focus, prefix: '/v1' })).rejects.toMatchObject({
    code: 'invalid_option',
    hint: "Start Focus with { basePath: '/v1/api' }.",
  })
})

test('Fastify says goodbye to open sockets before it closes', async () => {
  const focus = await start()
  const app = Fastify()
  await forFastify.mountFocus(app, focus)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const { accessToken } = await signIn(focus)
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/ws/notifications?token=${accessToken}`)
  await once(socket, 'message')
  const closed = once(socket, 'close')
  await app.close()
  const [event] = (await closed) as [CloseEvent]
  expect(event.code).toBe(1012)
})

test('plain HTTP at the address of the WebSocket gets a hint', async () => {
  const focus = await start()
  const app = express()
  forExpress.mountFocus(app, focus)
  const url = await listen(createServer(app))
  const answer = await fetch(`${url}/api/ws/notifications`)
  expect(answer.status).toBe(426)
  expect(await answer.json()).toMatchObject({ code: 'upgrade_required', hint: expect.stringContaining('{ server }') })
})

test('over HTTP/2', async () => {
  const focus = await start()
  const handle = nodeHandler(focus)
  const server = createHttp2Server({}, (req, res) => {
    // The compatibility API of HTTP/2 has the shape of HTTP/1's request and response.
    if (!handle(req as never, res as never)) res.writeHead(404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  closing.push(() => {
    client.close()
    server.close()
  })
  const stream = client.request({ ':path': '/api/auth/me' })
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
  expect(headers[':status']).toBe(401)
  let body = ''
  for await (const chunk of stream) body += String(chunk)
  expect(JSON.parse(body)).toMatchObject({ code: 'unauthenticated' })
})

test("what is wrong here and not with the request is the host's to handle", async () => {
  const focus = await start()
  const broken: Focus = { ...focus, authenticate: () => Promise.reject(new Error('the key store is away')) }
  const app = express()
  app.get('/mine', forExpress.requireUser(broken), (_req, res) => res.json({}))
  app.use((error: Error, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
    res.status(500).json({ handled: error.message })
  })
  const url = await listen(createServer(app))
  expect(await (await fetch(`${url}/mine`)).json()).toEqual({ handled: 'the key store is away' })
})

test('another upgrade listener of the server keeps its own paths', async () => {
  const focus = await start()
  const server = createServer()
  server.on('upgrade', (req, socket) => {
    if (req.url === '/theirs') socket.end('HTTP/1.1 200 Theirs\r\nConnection: close\r\n\r\n')
  })
  attachUpgrade(server, focus)
  const url = await listen(server)
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.write('GET /theirs HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: hmr\r\n\r\n')
  const [head] = (await once(socket, 'data')) as [Buffer]
  expect(String(head)).toContain('200 Theirs')
  socket.destroy()
})

test('route handlers of Next answer every method', async () => {
  const { GET, POST, OPTIONS } = routeHandlers(await start())
  expect((await GET(new Request('http://localhost/api/health'))).status).toBe(200)
  expect((await POST(new Request('http://localhost/api/health', { method: 'POST' }))).status).toBe(405)
  expect((await OPTIONS(new Request('http://localhost/api/health', { method: 'OPTIONS' }))).status).toBe(204)
})

test('V7: route handlers of Next tell clients apart where their proxy is named by the word unix', async () => {
  const focus = await createFocus({
    database: 'sqlite::memory:',
    env: {},
    trustedProxies: ['unix'],
    rateLimits: { exemptLoopback: false, perMinute: { public: 1 } },
  })
  closing.push(() => focus.close())
  const { GET } = routeHandlers(focus)
  const status = async (address: string) => {
    const headers = { 'x-forwarded-for': address }
    return (await GET(new Request('http://localhost/api/auth/jwks.json', { headers }))).status
  }
  expect([await status('203.0.113.5'), await status('203.0.113.5'), await status('198.51.100.7')]).toEqual([
    200, 429, 200,
  ])
})

test.each(hosts.filter(({ name }) => ['Express 5', 'Fastify 5', 'Koa 3', 'Hono 4', 'node:http'].includes(name)))(
  'V13: $name limits bad tokens on routes of the host as well, and lets known ones through',
  async (host) => {
    const focus = await createFocus({
      database: 'sqlite::memory:',
      env: {},
      rateLimits: { exemptLoopback: false, perMinute: { credentials: 3 } },
    })
    closing.push(() => focus.close())
    const running = await host.start(focus)
    closing.push(() => running.close())
    const { accessToken } = await signIn(focus)
    const status = async (token: string) => {
      const answer = await fetch(`${urlOf(running)}/activities`, {
        method: 'POST',
        body: '{}',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      })
      return [answer.status, answer.headers.has('retry-after')]
    }
    expect(await status(accessToken)).toEqual([201, false])
    for (let n = 0; n < 3; n += 1) expect(await status(`a.b.${n}`)).toEqual([401, false])
    expect(await status('a.b.c')).toEqual([429, true])
    expect(await status(accessToken)).toEqual([201, false])
  },
)

test('attachUpgrade takes its listener off when the last instance leaves', async () => {
  const [one, other] = [await start(), await start('/v1/api')]
  const server = createServer()
  const detach = [attachUpgrade(server, one), attachUpgrade(server, other)]
  detach[0]?.()
  expect(server.listenerCount('upgrade')).toBe(1)
  detach[1]?.()
  expect(server.listenerCount('upgrade')).toBe(0)
  const again = attachUpgrade(server, one)
  detach[1]?.()
  expect(server.listenerCount('upgrade')).toBe(1)
  again()
  expect(server.listenerCount('upgrade')).toBe(0)
})

test('Fastify closes although a client opened a connection ahead and never used it', async () => {
  const app = Fastify()
  await forFastify.mountFocus(app, await start())
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const accepted = once(app.server, 'connection')
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  const gone = once(socket, 'close')
  socket.resume()
  await accepted
  await app.close()
  await gone
})

test.each(hosts.filter(({ name }) => ['Express 5', 'Fastify 5', 'Koa 3', 'Koa 2', 'node:http'].includes(name)))(
  '$name: an event stream that is never read is cut with the drain',
  async (host) => {
    const focus = await start()
    const running = await host.start(focus)
    closing.push(() => running.close())
    const { user, accessToken } = await signIn(focus)
    const socket = connect(Number(new URL(urlOf(running)).port), '127.0.0.1')
    const accepted = once(running.server, 'connection')
    socket.write(`GET /api/notifications/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${accessToken}\r\n\r\n`)
    const [serverEnd] = (await accepted) as [Socket]
    const cut = once(serverEnd, 'close')
    await once(socket, 'data')
    socket.pause()
    const data = { filling: 'y'.repeat(15_000) }
    const lag = async () => (await focus.realtime.connections())[0]?.lag ?? 0
    while ((await lag()) < 20) {
      await focus.notifications.notifyUser({ userId: Number(user.id), title: 't', message: 'm', data })
    }
    await focus.drain({ windowMs: 0 })
    await cut
    socket.destroy()
  },
)
