import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { textFrame } from '../../../packages/core/src/realtime/peers/frame.ts'
import { type Contestant, firstOffset, listenOn } from '../../harness/contestant.ts'
import { makePayload } from '../../harness/notification.ts'

/** The upper limit of Node: a manual upgrade, one frame, and a `write` of the same bytes to each socket. No other feature. */
export function rawNet(): Contestant {
  const server = createServer()
  const sockets = new Map<number, Set<Duplex>>()
  const all = new Set<Duplex>()
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
    all.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      all.delete(socket)
      ofUser.delete(socket)
    })
    socket.resume()
  })
  const write = (to: Iterable<Duplex>) => {
    const frame = textFrame(JSON.stringify(makePayload((offset += 1))))
    for (const socket of to) socket.write(frame)
    return undefined
  }
  return {
    listen: () => listenOn(server),
    notify: (user) => write(sockets.get(user) ?? []),
    broadcast: () => write(all),
  }
}
