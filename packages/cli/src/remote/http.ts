import type { IncomingMessage, request, RequestOptions } from 'node:http'

export interface HttpRequest {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
}

export interface HttpAnswer {
  readonly status: number
  readonly text: string
}

/**
 * Sends one request with `node:http`, because the global `fetch` takes longer to load than a short command may take.
 * Does not follow redirects.
 */
export function send(url: string, { method, headers, body, signal }: HttpRequest): Promise<HttpAnswer> {
  const options: RequestOptions = {
    method,
    headers: body === undefined ? headers : { ...headers, 'content-length': Buffer.byteLength(body) },
    signal,
    // The process ends after the answer, so the connection is not kept alive.
    agent: false,
  }
  return new Promise((resolve, reject) => {
    const answered = (response: IncomingMessage) => {
      response.setEncoding('utf8')
      let text = ''
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      response.on('error', reject)
    }
    const sent = requestFunction(url)(url, options, answered)
    sent.on('error', reject)
    sent.end(body)
  })
}

/**
 * Returns `request` of the module for the address. Not by `import`, which reads every property of the module, and thereby
 * loads the WebSocket and the `fetch` of Node: 30 ms.
 */
function requestFunction(url: string): typeof request {
  return process.getBuiltinModule(url.startsWith('https:') ? 'node:https' : 'node:http').request
}
