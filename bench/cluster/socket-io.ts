import { createServer } from 'node:http'
import { createAdapter } from '@socket.io/redis-adapter'
import { createClient } from 'redis'
import { Server } from 'socket.io'
import { makePayload } from '../harness/notification.ts'
import { listenOn } from '../harness/contestant.ts'
import type { ClusterContestant } from './contestant.ts'

/** Socket.IO with a room per user and its Redis adapter; nothing is stored. */
export async function socketIo(redisUrl: string): Promise<ClusterContestant> {
  const publisher = createClient({ url: redisUrl })
  const subscriber = publisher.duplicate()
  await Promise.all([publisher.connect(), subscriber.connect()])
  const server = createServer()
  const io = new Server(server, {
    transports: ['websocket'],
    perMessageDeflate: false,
    pingInterval: 600_000,
    serveClient: false,
    adapter: createAdapter(publisher, subscriber),
  })
  io.on('connection', (socket) => void socket.join(`user:${String(socket.handshake.query['token'])}`))
  return {
    listen: () => listenOn(server),
    notify(user, sentMs) {
      const payload = makePayload(100_000)
      io.to(`user:${user}`).emit('notification', { ...payload, data: { ...payload.data, sent: sentMs } })
      return undefined
    },
    tokens: async (count) => Array.from({ length: count }, (_, index) => String(index)),
    received: async () => 0,
  }
}
