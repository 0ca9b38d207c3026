import { createServer, type RequestListener, type Server } from 'node:http'

/**
 * A server of our own. Node's defaults let a request take five minutes to arrive; ours are small, and whoever sends them takes
 * milliseconds.
 */
export function createHttpServer(listener?: RequestListener): Server {
  return createServer({ headersTimeout: 10_000, requestTimeout: 20_000, connectionsCheckingInterval: 2_000 }, listener)
}
