import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { createFocus, type Focus } from '@focus-api/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { attachUpgrade, nodeHandler } from '../src/node.ts'

let focus: Focus
let server: Server
let detach: () => void
const clients: Socket[] = []

beforeEach(async () => {
  focus = await createFocus({ database: 'sqlite::memory:', env: {} })
  const handle = nodeHandler(focus)
  server = createServer((req, res) => void handle(req, res))
  detach = attachUpgrade(server, focus)
  await once(server.listen(0, '127.0.0.1'), 'listening')
})

afterEach(async () => {
  vi.useRealTimers()
  for (const client of clients.splice(0)) client.destroy()
  server.close()
  await focus.close()
})

const port = () => (server.address() as AddressInfo).port

/** An upgrade whose client sends nothing more and never closes the connection. */
async function halfOpen(path: string): Promise<Socket> {
  const socket = connect({ port: port(), host: '127.0.0.1', allowHalfOpen: true })
  clients.push(socket)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  )
  return socket
}

const connections = () =>
  new Promise<number>((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  )

describe('V3: an upgrade that is left half open', () => {
  test('to an unknown path is answered with 404 and closed by the server', async () => {
    const socket = await halfOpen('/nobody')
    let answer = ''
    socket.on('data', (bytes) => (answer += String(bytes)))
    await once(socket, 'end')
    expect(answer).toMatch(/^HTTP\/1\.1 404 /)
    expect(answer).toContain('"code":"not_found"')
    await expect.poll(connections).toBe(0)
  })

  test('that another listener of the server leaves alone is cut after ten seconds', async () => {
    server.on('upgrade', () => undefined)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const arrived = once(server, 'upgrade')
    const socket = await halfOpen('/theirs')
    await arrived
    const closed = once(socket.resume(), 'close')
    vi.advanceTimersByTime(9_999)
    expect(await connections()).toBe(1)
    vi.advanceTimersByTime(1)
    socket.once('end', () => socket.end())
    await closed
  })

  test('that another listener took stays open', async () => {
    server.on('upgrade', (_req, socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'))
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const socket = await halfOpen('/theirs')
    await once(socket, 'data')
    vi.advanceTimersByTime(60_000)
    expect(await connections()).toBe(1)
    socket.write('still here')
    expect(socket.destroyed).toBe(false)
  })

  test('does not add up: the oldest is cut for one more than 256', async () => {
    server.on('upgrade', () => undefined)
    for (let n = 0; n < 260; n += 1) await halfOpen('/theirs')
    await expect.poll(connections).toBe(256)
    expect((await fetch(`http://127.0.0.1:${port()}/api/health`)).status).toBe(200)
  })

  test('does not keep the server from closing', async () => {
    server.on('upgrade', () => undefined)
    const arrived = once(server, 'upgrade')
    await halfOpen('/theirs')
    await arrived
    const closed = once(server, 'close')
    server.close()
    detach()
    await closed
  })
})
