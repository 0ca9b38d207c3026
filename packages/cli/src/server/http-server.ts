import { createServer, type RequestListener, type Server } from 'node:http'

/**
 * Creates an HTTP server with short time-outs. By default Node lets a request take five minutes to arrive; requests of
 * Focus are small and arrive within milliseconds.
 */
export function createHttpServer(listener?: RequestListener): Server {
  return createServer({ headersTimeout: 10_000, requestTimeout: 20_000, connectionsCheckingInterval: 2_000 }, listener)
}
