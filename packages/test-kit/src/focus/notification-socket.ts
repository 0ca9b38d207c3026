import { once } from 'node:events'

export type Message = { readonly type: string } & Readonly<Record<string, unknown>>

/** A plain WebSocket that keeps what it received. */
export interface NotificationSocket {
  readonly socket: WebSocket
  readonly received: readonly Message[]
  send(message: object | string): void
  /** Resolves with the first message of a type that passes the filter, received already or later. Each message is returned once. */
  next(type: string, fits?: (message: Message) => boolean): Promise<Message>
  close(): Promise<void>
}

export async function openSocket(server: { url: string }, token: string): Promise<NotificationSocket> {
  const url = `${server.url.replace(/^http/, 'ws')}/api/ws/notifications?token=${token}`
  const socket = new WebSocket(url)
  const received: Message[] = []
  const handedOut = new Set<Message>()
  const arrivals = new EventTarget()
  socket.addEventListener('message', (event) => {
    received.push(JSON.parse(String(event.data)))
    arrivals.dispatchEvent(new Event('message'))
  })
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true })
    socket.addEventListener('error', () => reject(new Error('The WebSocket was refused.')), { once: true })
  })
  return {
    socket,
    received,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    async next(type, fits = () => true) {
      for (;;) {
        const found = received.find((message) => message.type === type && !handedOut.has(message) && fits(message))
        if (found) {
          handedOut.add(found)
          return found
        }
        await once(arrivals, 'message', { signal: AbortSignal.timeout(10_000) })
      }
    },
    async close() {
      if (socket.readyState === WebSocket.CLOSED) return
      const closed = once(socket, 'close')
      socket.close()
      await closed
    },
  }
}
