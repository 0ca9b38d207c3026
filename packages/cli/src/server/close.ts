import type { Server } from 'node:http'
import type { Server as Listener } from 'node:net'

/** Milliseconds that a request in progress may take at the end. */
const GRACE_MS = 2_000

/**
 * Stops accepting connections, waits for requests in progress, then closes the remaining connections.
 *
 * @param others additional listeners that pass connections to the server
 */
export async function closeHttp(server: Server, others: readonly Listener[] = []): Promise<void> {
  const patience = setTimeout(() => server.closeAllConnections(), GRACE_MS)
  const closed = [server, ...others].map((one) => new Promise<void>((resolve) => void one.close(() => resolve())))
  server.closeIdleConnections()
  await Promise.all(closed)
  clearTimeout(patience)
}
