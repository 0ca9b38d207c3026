import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface PeerRequest {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface HttpPeer {
  readonly url: string
  readonly requests: PeerRequest[]
  close(): Promise<void>
}

/** An HTTP server on loopback; `answer` sees the whole request and does with the response what it likes. */
export async function startHttpPeer(
  answer: (request: PeerRequest, response: ServerResponse, raw: IncomingMessage) => void | Promise<void>,
): Promise<HttpPeer> {
  const requests: PeerRequest[] = []
  const server = createServer((raw, response) => {
    const chunks: Buffer[] = []
    raw.on('data', (chunk: Buffer) => chunks.push(chunk))
    raw.on('end', () => {
      const request = { path: raw.url ?? '/', headers: raw.headers, body: Buffer.concat(chunks) }
      requests.push(request)
      void answer(request, response, raw)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** An answer of one line. */
export function say(response: ServerResponse, status: number, body = '', headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(body)
}
