import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { type Contestant, firstOffset } from '../contestant.ts'
import { makeEvent, makePayload } from '../notification.ts'

/** Socket.IO with a room per user, WebSocket transport only, without compression. */
export function socketIo(userOf: (token: string) => string = (token) => token): Contestant {
  const server = createServer()
  const io = new Server(server, {
    transports: ['websocket'],
    perMessageDeflate: false,
    pingInterval: 600_000,
    serveClient: false,
  })
  let offset = firstOffset
  io.use((socket, next) => {
    try {
      socket.data = { user: userOf(String(socket.handshake.query['token'])) }
      next()
    } catch (error) {
      next(error instanceof Error ? error : new Error('refused'))
    }
  })
  io.on('connection', (socket) => {
    void socket.join(`user:${socket.data.user}`)
  })
  return {
    server,
    notify(user) {
      offset += 1
      io.to(`user:${user}`).emit('notification', makePayload(makeEvent(String(user), offset)))
    },
  }
}
