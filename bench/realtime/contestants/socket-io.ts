import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { type Contestant, firstOffset } from '../contestant.ts'
import { makeEvent, makePayload } from '../notification.ts'

/** Socket.IO with a room per user, WebSocket transport only, without compression. */
export function socketIo(): Contestant {
  const server = createServer()
  const io = new Server(server, {
    transports: ['websocket'],
    perMessageDeflate: false,
    pingInterval: 600_000,
    serveClient: false,
  })
  let offset = firstOffset
  io.on('connection', (socket) => {
    void socket.join(`user:${String(socket.handshake.query['token'])}`)
  })
  return {
    server,
    notify(user) {
      offset += 1
      io.to(`user:${user}`).emit('notification', makePayload(makeEvent(String(user), offset)))
    },
  }
}
