import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { createFocus, type Focus } from '@focus-api/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hosts, type RunningHost, urlOf } from './hosts.ts'
import { profileOf } from '@focus-api/test-kit/focus/profile'

const adminKey = 'an-admin-key-for-the-tests'

describe.each(hosts)('$name', (host) => {
  let folder: string
  let focus: Focus
  let running: RunningHost
  let url: string
  let token: string
  let userId: number

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'focus-adapters-'))
    focus = await createFocus({ database: `sqlite:${join(folder, 'focus.db')}`, adminKey, env: {} })
    running = await host.start(focus)
    url = urlOf(running)
    const { user } = await focus.auth.accounts.signIn(
      profileOf('alice', { fullName: 'Alice', preferredUsername: 'alice' }),
    )
    userId = Number(user.id)
    const answer = await fetch(`${url}/api/admin/token`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ user: 'alice' }),
    })
    token = ((await answer.json()) as { access_token: string }).access_token
  })

  afterAll(async () => {
    await running.close()
    await focus.close()
    rmSync(folder, { recursive: true })
  })

  const bearer = () => ({ authorization: `Bearer ${token}` })

  test("answers Focus' routes", async () => {
    const health = await fetch(`${url}/api/health`)
    expect(health.status).toBe(200)
    expect(await health.json()).toEqual({ status: 'ok' })
    const me = await fetch(`${url}/api/auth/me`, { headers: bearer() })
    expect(await me.json()).toMatchObject({ id: userId, username: 'alice' })
  })

  test('passes a JSON body to a Focus route, whichever parser read it', async () => {
    const answer = await fetch(`${url}/api/notifications`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ user_id: userId, title: 'Été', message: '1 < 2 & "3"' }),
    })
    expect(answer.status).toBeLessThan(300)
    const inbox = (await (await fetch(`${url}/api/notifications`, { headers: bearer() })).json()) as {
      notifications: unknown[]
    }
    expect(inbox.notifications[0]).toMatchObject({ title: 'Été', message: '1 < 2 & "3"' })
  })

  test('HEAD and OPTIONS are answered without a body, another method with 405', async () => {
    const head = await fetch(`${url}/api/health`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    const options = await fetch(`${url}/api/health`, {
      method: 'OPTIONS',
      headers: { origin: 'http://localhost:3000' },
    })
    expect(options.status).toBe(204)
    expect(options.headers.get('access-control-allow-origin')).toBe('http://localhost:3000')
    expect((await fetch(`${url}/api/health`, { method: 'POST' })).status).toBe(405)
  })

  test.each([
    ['that nobody read', '/api/ws/ticket', 401, 300_000],
    ['that was read in part', '/api/auth/refresh', 413, 1_200_000],
  ])('a connection goes on behind a body %s', async (_body, path, status, length) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    const head = [`POST ${path} HTTP/1.1`, 'Host: 127.0.0.1', 'Content-Type: text/plain', 'Transfer-Encoding: chunked']
    socket.write(`${head.join('\r\n')}\r\n\r\n${length.toString(16)}\r\n`)
    socket.write(`${JSON.stringify('x'.repeat(length - 2))}\r\n0\r\n\r\n`)
    socket.write('GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n')
    const answers = await text(socket)
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`, 'HTTP/1.1 200'])
  })

  test("leaves the application's own route below the base path to the application", async () => {
    expect(await (await fetch(`${url}/api/own`)).json()).toEqual({ own: true })
    expect((await fetch(`${url}/api/nobody`)).status).toBe(404)
  })

  test('requireUser lets a valid token through and sets the user', async () => {
    const answer = await fetch(`${url}/activities`, {
      method: 'POST',
      headers: { ...bearer(), 'content-type': 'application/json' },
      body: JSON.stringify({ app_name: 'Instagram' }),
    })
    expect(answer.status).toBe(201)
    expect(await answer.json()).toEqual({ mine: userId, activity: { app_name: 'Instagram' } })
  })

  test('requireUser answers 401 with a problem and a challenge otherwise', async () => {
    for (const headers of [{}, { authorization: 'Bearer nonsense' }]) {
      const answer = await fetch(`${url}/activities`, { method: 'POST', headers })
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toContain('Bearer realm="focus"')
      expect(answer.headers.get('content-type')).toContain('application/problem+json')
    }
  })

  test('a scope that the token lacks is 403', async () => {
    const answer = await fetch(`${url}/scoped`, { headers: bearer() })
    expect(answer.status).toBe(403)
    expect(await answer.json()).toMatchObject({ code: 'insufficient_scope' })
  })

  test('optionalUser sets the user of a token, accepts requests without one, and refuses an invalid one', async () => {
    expect(await (await fetch(`${url}/optional`, { headers: bearer() })).json()).toEqual({ mine: userId })
    expect(await (await fetch(`${url}/optional`)).json()).toEqual({ mine: null })
    expect((await fetch(`${url}/optional`, { headers: { authorization: 'Bearer nonsense' } })).status).toBe(401)
  })

  test('the WebSocket is taken on the server of the host, and a notification arrives', async () => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/api/ws/notifications?token=${token}`)
    const messages = collect(socket)
    expect(await messages.next()).toMatchObject({ type: 'connection', message: 'Connexion etablie avec succes' })
    await focus.notifications.notifyLimitWarning({ userId, appName: 'Instagram', percentage: 80 })
    expect(await messages.next()).toMatchObject({ type: 'notification', title: 'Limite bientot atteinte' })
    socket.close()
    await expect.poll(async () => (await focus.realtime.stats()).activeConnections).toBe(0)
  })

  test('TRACE is refused, and the server lives', async () => {
    expect(await raw(url, 'TRACE /api/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 4\d\d/,
    )
    expect((await fetch(`${url}/api/health`)).status).toBe(200)
  })

  test('the event stream flows piece by piece, and ends when the client leaves', async () => {
    const leave = new AbortController()
    const answer = await fetch(`${url}/api/notifications/stream`, { headers: bearer(), signal: leave.signal })
    expect(answer.headers.get('content-type')).toContain('text/event-stream')
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
    const decoder = new TextDecoder()
    let text = ''
    const until = async (part: string) => {
      while (!text.includes(part)) {
        const { value, done } = await reader.read()
        if (done) throw new Error(`the stream ended after: ${text}`)
        text += decoder.decode(value, { stream: true })
      }
    }
    await until('connection')
    await focus.notifications.notifyAppBlocked({ userId, appName: 'Instagram' })
    await until('Instagram')
    leave.abort()
    await expect.poll(async () => (await focus.realtime.stats()).activeConnections).toBe(0)
  })

  test('R20: a request target in absolute-form is answered as its path is', async () => {
    const ask = (path: string) =>
      raw(url, `GET http://focus.example${path} HTTP/1.1\r\nHost: focus.example\r\nConnection: close\r\n\r\n`)
    const health = await ask('/api/health')
    expect(health).toMatch(/^HTTP\/1\.1 200 /)
    expect(health).toContain('{"status":"ok"}')
    expect(await ask('/api/notifications?limit=0')).toMatch(/^HTTP\/1\.1 401 /)
    expect(await ask('')).toMatch(/^HTTP\/1\.1 404 /)
  })

  test('an upgrade of another path gets 404, and the server keeps running', async () => {
    const head = await rawUpgrade(url, '/elsewhere')
    expect(head).toContain('404')
    expect((await fetch(`${url}/api/health`)).status).toBe(200)
  })
})

/** Messages of a socket, one after the other. */
function collect(socket: WebSocket) {
  const arrived: unknown[] = []
  const waiting: ((message: unknown) => void)[] = []
  socket.addEventListener('message', ({ data }) => {
    const message: unknown = JSON.parse(String(data))
    const take = waiting.shift()
    if (take) take(message)
    else arrived.push(message)
  })
  return {
    next: () =>
      arrived.length > 0 ? Promise.resolve(arrived.shift()) : new Promise<unknown>((resolve) => waiting.push(resolve)),
  }
}

function rawUpgrade(url: string, path: string): Promise<string> {
  const headers =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
  return raw(url, `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n`)
}

/** Sends raw bytes; resolves with the answer when the server closes the connection. */
function raw(url: string, request: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(request))
    let answer = ''
    socket.on('data', (chunk) => (answer += String(chunk)))
    socket.on('end', () => resolve(answer))
    socket.on('error', reject)
  })
}
