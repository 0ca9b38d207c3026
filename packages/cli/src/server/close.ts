import type { Server } from 'node:http'
import type { Server as Listener } from 'node:net'

/** How long a request that is under way at the end may still take. */
const GRACE_MS = 2_000

/**
 * Takes no new connections, lets requests under way be answered, and cuts what is then still open.
 *
 * @param others further listeners whose connections the server was given
 */
export async function closeHttp(server: Server, others: readonly Listener[] = []): Promise<void> {
  const patience = setTimeout(() => server.closeAllConnections(), GRACE_MS)
  const closed = [server, ...others].map((one) => new Promise<void>((resolve) => void one.close(() => resolve())))
  server.closeIdleConnections()
  await Promise.all(closed)
  clearTimeout(patience)
}
