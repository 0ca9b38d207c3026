import { Agent, type OutgoingHttpHeaders, request } from 'node:http'

export interface Shot {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string
}

export interface Answer {
  readonly status: number
  readonly body: string
  readonly headers: NodeJS.Dict<string | string[]>
}

/** Keep-alive connections to a local port. Requests without an answer in time are destroyed. */
export class HttpClient {
  readonly #port: number
  readonly #timeoutMs: number
  readonly #agent: Agent

  constructor(port: number, { connections = 64, timeoutMs = 10_000 } = {}) {
    this.#port = port
    this.#timeoutMs = timeoutMs
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections })
  }

  ask({ method, path, headers, body }: Shot): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: '127.0.0.1',
          port: this.#port,
          method,
          path,
          agent: this.#agent,
          headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
          signal: AbortSignal.timeout(this.#timeoutMs),
        },
        (incoming) => {
          let text = ''
          incoming.setEncoding('utf8')
          incoming.on('data', (chunk: string) => (text += chunk))
          incoming.once('error', reject)
          incoming.once('end', () =>
            resolve({ status: incoming.statusCode ?? 0, body: text, headers: incoming.headers }),
          )
        },
      )
      outgoing.once('error', reject)
      outgoing.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
