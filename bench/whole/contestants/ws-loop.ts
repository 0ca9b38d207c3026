import { createServer } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import { type Contestant, firstOffset, listenOn } from '../../harness/contestant.ts'
import { makePayload } from '../../harness/notification.ts'

/** Bare `ws`: serialise once, then `send` to each socket. No tokens, no greeting, nothing is stored. */
export function wsLoop(): Contestant {
  const server = createServer()
  const sockets = new Map<number, Set<WebSocket>>()
  const webSockets = new WebSocketServer({ server, path: '/api/ws/notifications' })
  let offset = firstOffset
  webSockets.on('connection', (socket, request) => {
    const user = Number(new URL(request.url ?? '', 'http://localhost').searchParams.get('token'))
    const ofUser = sockets.get(user) ?? new Set()
    sockets.set(user, ofUser.add(socket))
    socket.on('close', () => {
      ofUser.delete(socket)
      if (ofUser.size === 0) sockets.delete(user)
    })
  })
  const send = (to: Iterable<WebSocket>) => {
    const json = JSON.stringify(makePayload((offset += 1)))
    for (const socket of to) socket.send(json)
    return undefined
  }
  return {
    listen: () => listenOn(server),
    notify: (user) => send(sockets.get(user) ?? []),
    broadcast: () => send(webSockets.clients),
  }
}
