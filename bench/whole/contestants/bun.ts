import { type Contestant, firstOffset } from '../../harness/contestant.ts'
import { makePayload } from '../../harness/notification.ts'

/** The part of Bun's own interface that is used here. */
interface BunServer {
  readonly port: number
  upgrade(request: Request, options: { data: { user: string } }): boolean
  publish(topic: string, data: string): number
}

interface BunSocket {
  readonly data: { user: string }
  subscribe(topic: string): void
}

interface BunRuntime {
  serve(options: {
    hostname: string
    port: number
    fetch(request: Request, server: BunServer): Response | undefined
    websocket: { open(socket: BunSocket): void; message(): void }
  }): BunServer
}

/** Bun's native WebSocket server and its `publish`: a topic for each user and one for all. Nothing is stored. */
export function bun(): Contestant {
  const runtime = Reflect.get(globalThis, 'Bun') as BunRuntime | undefined
  if (!runtime) throw new Error('This contestant runs on Bun only.')
  let offset = firstOffset
  let server: BunServer | null = null
  const publish = (topic: string) => {
    server?.publish(topic, JSON.stringify(makePayload((offset += 1))))
    return undefined
  }
  return {
    async listen() {
      server = runtime.serve({
        hostname: '127.0.0.1',
        port: 0,
        fetch(request, own) {
          const user = new URL(request.url).searchParams.get('token') ?? ''
          return own.upgrade(request, { data: { user } }) ? undefined : new Response(null, { status: 400 })
        },
        websocket: {
          open(socket) {
            socket.subscribe('all')
            socket.subscribe(`user:${socket.data.user}`)
          },
          message: () => undefined,
        },
      })
      return server.port
    },
    notify: (user) => publish(`user:${user}`),
    broadcast: () => publish('all'),
  }
}
