import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { textFrame } from '../../../packages/core/src/realtime/peers/frame.ts'
import { type Contestant, firstOffset } from '../contestant.ts'
import { makeEvent, makePayload } from '../notification.ts'

/** The upper limit: a manual upgrade, one frame, and a `write` of the same bytes to each socket. No other feature. */
export function rawNet(): Contestant {
  const server = createServer()
  const sockets = new Map<number, Set<Duplex>>()
  let offset = firstOffset
  server.on('upgrade', (request, socket) => {
    const user = Number(new URL(request.url ?? '', 'http://localhost').searchParams.get('token'))
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const accept = createHash('sha1').update(key).digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
    const ofUser = sockets.get(user) ?? new Set()
    sockets.set(user, ofUser.add(socket))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => ofUser.delete(socket))
    socket.resume()
  })
  return {
    server,
    notify(user) {
      offset += 1
      const frame = textFrame(JSON.stringify(makePayload(makeEvent(String(user), offset))))
      for (const socket of sockets.get(user) ?? []) socket.write(frame)
    },
  }
}
