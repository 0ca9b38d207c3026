import { once } from 'node:events'
import { createServer } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'

/** A server that knows the guide's messages and nothing else: no offsets, no ids, no inbox, no refresh. */
export interface GuideServer {
  readonly url: string
  /** What clients sent. */
  readonly received: Record<string, unknown>[]
  /** Addresses that sockets were opened with. */
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
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address()
  if (address === null || typeof address === 'string') throw new Error('The server listens on no port.')
  return {
    url: `http://127.0.0.1:${address.port}/api`,
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
      http.close()
      http.closeAllConnections()
      await once(http, 'close')
    },
  }
}
