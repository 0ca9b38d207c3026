import { createSecretKey, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import jsonwebtoken from 'jsonwebtoken'
import { Server } from 'socket.io'
import { type Contestant, firstOffset, listenOn } from '../../harness/contestant.ts'
import { makePayload } from '../../harness/notification.ts'

/** Socket.IO with a room per user, WebSocket transport only, without compression. It stores nothing. */
export function socketIo(userOf: (token: string) => string = (token) => token): Contestant {
  const server = createServer()
  const io = new Server(server, { transports: ['websocket'], perMessageDeflate: false, serveClient: false })
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
    listen: () => listenOn(server),
    notify(user) {
      io.to(`user:${user}`).emit('notification', makePayload((offset += 1)))
      return undefined
    },
    broadcast() {
      io.emit('notification', makePayload((offset += 1)))
      return undefined
    },
  }
}

/** Socket.IO with the usual middleware: HS256 by jsonwebtoken, with a KeyObject. */
export function socketIoWithTokens(): Contestant {
  const key = createSecretKey(randomBytes(32))
  const options = { algorithms: ['HS256'], issuer: 'focus', audience: 'focus' } satisfies jsonwebtoken.VerifyOptions
  return {
    ...socketIo((token) => String(jsonwebtoken.verify(token, key, options).sub)),
    tokens: async (count) =>
      Array.from({ length: count }, (_, user) =>
        jsonwebtoken.sign({ sid: `session-${user}` }, key, {
          algorithm: 'HS256',
          subject: String(user),
          issuer: 'focus',
          audience: 'focus',
          expiresIn: 3_600,
        }),
      ),
  }
}
