import { createServer } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import { type Contestant, firstOffset } from '../contestant.ts'
import { makeEvent, makePayload } from '../notification.ts'

/** Bare `ws`: serialise once, then `send` to each socket of the user. */
export function wsLoop(): Contestant {
  const server = createServer()
  const sockets = new Map<number, Set<WebSocket>>()
  const webSockets = new WebSocketServer({ server, path: '/api/ws/notifications' })
  let offset = firstOffset
  webSockets.on('connection', (socket, request) => {
    const user = Number(new URL(request.url ?? '', 'http://localhost').searchParams.get('token'))
    const ofUser = sockets.get(user) ?? new Set()
    sockets.set(user, ofUser.add(socket))
    socket.on('close', () => ofUser.delete(socket))
  })
  return {
    server,
    notify(user) {
      offset += 1
      const json = JSON.stringify(makePayload(makeEvent(String(user), offset)))
      for (const socket of sockets.get(user) ?? []) socket.send(json)
    },
  }
}
