import { connect, type Socket } from 'node:net'
import type { Scene } from './scene.ts'

/** Opens upgrades, half of them to unknown paths, and sends nothing more. Replaces connections that the server closes. */
export function halfOpenUpgrades(scene: Scene, signal: AbortSignal): Promise<Readonly<Record<string, number>>> {
  const paths = ['/api/ws/notifications', '/unknown/path', '/socket.io/?EIO=4&transport=websocket']
  return holdOpen(scene, signal, {
    sockets: 1_200,
    hello: (index) =>
      `GET ${paths[index % paths.length]} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'X-Forwarded-For: 198.51.100.9\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  })
}

/** Sends requests with bodies at one byte a second. */
export function slowBodies(scene: Scene, signal: AbortSignal): Promise<Readonly<Record<string, number>>> {
  const path = scene.target === 'focus' ? '/api/auth/refresh' : '/api/auth/sign-in/social'
  return holdOpen(scene, signal, {
    sockets: 1_000,
    hello: () =>
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n` +
      'X-Forwarded-For: 198.51.100.9\r\n\r\n{',
    trickle: ' ',
  })
}

interface Hold {
  readonly sockets: number
  readonly hello: (index: number) => string
  /** Bytes for each socket once a second. */
  readonly trickle?: string
}

async function holdOpen({ port }: Scene, signal: AbortSignal, { sockets, hello, trickle }: Hold) {
  const open = new Set<Socket>()
  const counts = { opened: 0, closed: 0, failed: 0, heldAtTheEnd: 0 }
  const add = () => {
    const socket = connect(port, '127.0.0.1')
    open.add(socket)
    socket.once('connect', () => {
      socket.write(hello(counts.opened))
      counts.opened += 1
    })
    socket.on('error', () => (counts.failed += 1))
    socket.on('data', () => undefined)
    socket.once('close', () => {
      open.delete(socket)
      counts.closed += 1
    })
  }
  // At most a hundred a tick: the test is about open connections, not about a storm of SYNs.
  const opening = setInterval(() => {
    for (let index = 0; index < 100 && open.size < sockets; index += 1) add()
  }, 100)
  const trickling = setInterval(() => {
    if (trickle !== undefined) for (const socket of open) socket.write(trickle)
  }, 1_000)
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  clearInterval(opening)
  clearInterval(trickling)
  counts.heldAtTheEnd = open.size
  for (const socket of open) socket.destroy()
  return counts
}
