import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { WebSocket } from 'ws'
import { addressOfBotnet, type Scene } from './scene.ts'

const handshakesPerSecond = 2_000
/** Limit of simultaneous connections. */
const most = 2_000

/** Sends handshakes with forged tokens, each on a new connection and from another address. */
export async function handshakes({ port, target }: Scene, signal: AbortSignal) {
  const counts: Record<string, number> = { opened: 0 }
  let underWay = 0
  let index = 0
  const count = (what: string) => (counts[what] = (counts[what] ?? 0) + 1)
  const shoot = () => {
    index += 1
    underWay += 1
    const token = randomBytes(120).toString('base64url')
    const path =
      target === 'focus'
        ? `/api/ws/notifications?token=${token}`
        : `/socket.io/?EIO=4&transport=websocket&token=${token}`
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          `X-Forwarded-For: ${addressOfBotnet(index)}\r\nSec-WebSocket-Version: 13\r\n` +
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      )
    })
    const answered = (bytes: Buffer) => {
      count(bytes.toString('latin1', 9, 12))
      socket.end()
    }
    socket.once('data', answered)
    socket.on('data', () => undefined)
    socket.setTimeout(5_000, () => socket.destroy())
    socket.on('error', () => count('error'))
    socket.once('close', () => (underWay -= 1))
  }
  const timer = setInterval(() => {
    const room = Math.min(handshakesPerSecond / 50, most - underWay)
    for (let each = 0; each < room; each += 1) shoot()
  }, 20)
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  clearInterval(timer)
  counts['opened'] = index
  return counts
}

/** Opens 100 sockets of one user, the limit, that each request the whole log as often as the limits allow. */
export async function syncFlood({ port, attacker }: Scene, signal: AbortSignal) {
  const counts = { asked: 0, received: 0, closed: 0 }
  const sockets = Array.from({ length: 100 }, () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/api/ws/notifications?token=${attacker.token}`, {
      headers: { 'x-forwarded-for': '198.51.100.9' },
    })
    socket.on('message', () => (counts.received += 1))
    socket.on('error', () => undefined)
    socket.once('close', () => (counts.closed += 1))
    return socket
  })
  await Promise.all(
    sockets.map((socket) => Promise.race([once(socket, 'open'), once(socket, 'close')]).catch(() => [])),
  )
  const timer = setInterval(() => {
    for (const socket of sockets) {
      if (socket.readyState !== WebSocket.OPEN) continue
      socket.send('{"action":"sync","since":0,"limit":500}')
      counts.asked += 1
    }
  }, 505)
  if (!signal.aborted) await once(signal, 'abort')
  clearInterval(timer)
  for (const socket of sockets) socket.terminate()
  return counts
}
