import { createServer } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import { closeServer, listenOnLoopback } from './loopback.ts'

/** A server of the first protocol, which has only the guide's messages: no offsets, no ids, no inbox, no refresh. */
export interface GuideServer {
  readonly url: string
  /** Messages of clients. */
  readonly received: Record<string, unknown>[]
  /** Addresses of opened sockets. */
  readonly addresses: string[]
  notify(title: string): void
  cut(): void
  stop(): Promise<void>
}

export async function startGuideServer(token: string): Promise<GuideServer> {
  const received: Record<string, unknown>[] = []
  const addresses: string[] = []
  const open = new Set<WebSocket>()
  const http = createServer((_, response) => response.writeHead(404).end())
  const sockets = new WebSocketServer({ server: http, path: '/api/ws/notifications' })
  const timestamp = () => new Date().toISOString().slice(0, 19)
  sockets.on('connection', (socket, request) => {
    addresses.push(request.url ?? '')
    if (new URL(request.url ?? '', 'http://guide').searchParams.get('token') !== token) {
      socket.close(1008)
      return
    }
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString())
      received.push(message)
      if (message.action === 'ping') socket.send(JSON.stringify({ type: 'pong', timestamp: timestamp() }))
    })
    const greeting = { type: 'connection', message: 'Connexion etablie avec succes', timestamp: timestamp() }
    socket.send(JSON.stringify(greeting))
  })
  const origin = await listenOnLoopback(http)
  return {
    url: `${origin}/api`,
    received,
    addresses,
    notify(title) {
      const message = {
        type: 'notification',
        notification_type: 'info',
        title,
        message: 'M',
        data: {},
        timestamp: timestamp(),
      }
      for (const socket of open) socket.send(JSON.stringify(message))
    },
    cut() {
      for (const socket of open) socket.terminate()
    },
    async stop() {
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
      await closeServer(http)
    },
  }
}
