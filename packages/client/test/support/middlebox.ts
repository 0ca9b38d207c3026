import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { closeServer, listenOnLoopback } from './loopback.ts'

/** An answer that replaces the server's; `cut` closes the connection without one. */
export type Interference =
  | 'cut'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }

/** A proxy, firewall or captive portal between client and server. It forwards requests that `interfere` does not answer. */
export interface Middlebox {
  /** Address of the API through the middlebox. */
  readonly url: string
  /** Received requests, such as `POST /api/auth/refresh`. */
  readonly requests: string[]
  /** Returns an answer that replaces the server's; null forwards the request. */
  interfere: (line: string) => Interference | null
  /** Returns a promise that delays the server's answer; null delivers it. */
  hold: (line: string) => Promise<void> | null
  /** Forwards all requests again, and forgets the received ones. */
  reset(): void
  /** Cuts all WebSockets, like a network failure. */
  cutSockets(): void
  stop(): Promise<void>
}

/** @param target the API's address, such as `http://127.0.0.1:20123/api` */
export async function startMiddlebox(target: string): Promise<Middlebox> {
  const { hostname, port, pathname } = new URL(target)
  const requests: string[] = []
  const tunnels = new Set<Socket>()
  const box = {
    requests,
    interfere: (_line: string): Interference | null => null,
    hold: (_line: string): Promise<void> | null => null,
  }

  const server = createServer((incoming, outgoing) => {
    const line = `${incoming.method} ${incoming.url?.split('?')[0]}`
    requests.push(line)
    const interference = box.interfere(line)
    if (interference === null) forward(incoming, outgoing, line)
    else if (interference === 'cut') incoming.socket.destroy()
    else {
      incoming.resume()
      outgoing.writeHead(interference.status, interference.headers).end(interference.body)
    }
  })

  function forward(incoming: IncomingMessage, outgoing: ServerResponse, line: string): void {
    const { method, headers, url: path } = incoming
    const onward = request({ hostname, port, method, path, headers }, (answer) => {
      const pass = () => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      }
      const held = box.hold(line)
      if (held) void held.then(pass)
      else pass()
    })
    onward.on('error', () => incoming.socket.destroy())
    incoming.pipe(onward)
  }

  server.on('upgrade', ({ method, url, rawHeaders }, socket: Socket, head: Buffer) => {
    const onward = connect(Number(port), hostname)
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      tunnels.add(one)
      one.on('error', () => undefined)
      one.on('close', () => {
        tunnels.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
    const lines = rawHeaders.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`))
    onward.write(`${method} ${url} HTTP/1.1\r\n${lines.join('')}\r\n`)
    onward.write(head)
  })
  const origin = await listenOnLoopback(server)

  return Object.assign(box, {
    url: `${origin}${pathname}`,
    reset() {
      box.interfere = () => null
      box.hold = () => null
      requests.length = 0
    },
    cutSockets() {
      for (const socket of tunnels) socket.destroy()
    },
    async stop() {
      for (const socket of tunnels) socket.destroy()
      await closeServer(server)
    },
  })
}
