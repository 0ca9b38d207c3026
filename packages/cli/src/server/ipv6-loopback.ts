import type { Server } from 'node:http'
import { createServer, type Server as Listener } from 'node:net'

/**
 * Lets a server that listens on 127.0.0.1 answer on ::1 too, since `localhost` may mean either. Null on a machine without
 * IPv6; `taken` where another program has that port.
 */
export async function alsoOnIpv6Loopback(server: Server, port: number): Promise<Listener | 'taken' | null> {
  const listener = createServer((socket) => server.emit('connection', socket))
  const refusal = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    listener.once('error', resolve)
    listener.listen({ port, host: '::1', ipv6Only: true }, () => resolve(null))
  })
  if (refusal === null) return listener
  return refusal.code === 'EADDRINUSE' ? 'taken' : null
}
