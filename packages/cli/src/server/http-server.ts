import { createServer, type RequestListener, type Server } from 'node:http'

/**
 * Milliseconds that an idle connection stays open: longer than the 60 seconds of nginx and of most load balancers, because a
 * request on a connection that the server just closes fails with 502.
 */
const KEEP_ALIVE_MS = 65_000

/**
 * Creates an HTTP server with short time-outs. By default Node lets a request take five minutes to arrive; requests of
 * Focus are small and arrive within milliseconds.
 */
export function createHttpServer(listener?: RequestListener): Server {
  return createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 20_000,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: 2_000,
    },
    listener,
  )
}
