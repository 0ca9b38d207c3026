import { type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'

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
    const request = url.startsWith('https:')
      ? httpsRequest(url, options, answered)
      : httpRequest(url, options, answered)
    request.on('error', reject)
    request.end(body)
  })
}
