import type { Server } from 'node:http'

/** How long a request that is under way at the end may still take. */
const GRACE_MS = 2_000

/** Takes no new connections, lets requests under way be answered, and cuts what is then still open. */
export function closeHttp(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const patience = setTimeout(() => server.closeAllConnections(), GRACE_MS)
    server.close(() => {
      clearTimeout(patience)
      resolve()
    })
    server.closeIdleConnections()
  })
}
