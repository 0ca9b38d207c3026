import type { Server } from 'node:http'
import { createServer, type Server as Listener } from 'node:net'

/**
 * Lets a server on 127.0.0.1 also answer on ::1, because `localhost` can mean either. Returns null on a machine without
 * IPv6, and `taken` when another program uses the port.
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
