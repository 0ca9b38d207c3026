import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'

/** An answer in place of the server's; `cut` ends the connection without one. */
export type Interference =
  | 'cut'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }

/** Something between client and server, such as a proxy, a firewall or a captive portal. Passes on what it is not told to answer. */
export interface Middlebox {
  /** Of the API behind it. */
  readonly url: string
  /** Requests that came, such as `POST /api/auth/refresh`. */
  readonly requests: string[]
  /** Answers requests in the server's place; null passes one on. */
  interfere: (line: string) => Interference | null
  /** Called when the server has answered, before the client gets it. */
  hold: (line: string) => Promise<void> | null
  /** Ends all WebSockets, as a network that goes away. */
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
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The middlebox listens on no port.')

  return Object.assign(box, {
    url: `http://127.0.0.1:${address.port}${pathname}`,
    cutSockets() {
      for (const socket of tunnels) socket.destroy()
    },
    async stop() {
      for (const socket of tunnels) socket.destroy()
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  })
}
