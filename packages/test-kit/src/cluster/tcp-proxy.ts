import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** `open`: passes bytes on. `cut`: resets connections. `silent`: keeps connections open, and passes nothing on. */
type ProxyState = 'open' | 'cut' | 'silent'

/**
 * A TCP proxy between a client and a server of a test. It can cut the connections, stop the flow of bytes as a partition of the
 * network does, delay them, and send new connections to another server.
 */
export class TcpProxy {
  readonly port: number
  /** Server of new connections. */
  target: Endpoint
  /** Milliseconds that each chunk of bytes waits, in both directions. */
  delayMs = 0
  readonly #server: Server
  readonly #links = new Set<Link>()
  #state: ProxyState = 'open'

  private constructor(server: Server, port: number, target: Endpoint) {
    this.#server = server
    this.port = port
    this.target = target
    server.on('connection', (socket) => this.#accept(socket))
  }

  static async start(target: Endpoint): Promise<TcpProxy> {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const address = server.address()
    if (typeof address !== 'object' || address === null) throw new Error('The proxy is not listening.')
    return new TcpProxy(server, address.port, target)
  }

  get connections(): number {
    return this.#links.size
  }

  /** Resets all connections, and every new one until `heal`. */
  cut(): void {
    this.#state = 'cut'
    for (const link of this.#links) link.destroy()
  }

  /** Stops the flow of bytes; connections stay open, and new ones get no answer. */
  silence(): void {
    this.#state = 'silent'
    for (const link of this.#links) link.stop()
  }

  /** Ends a cut or a silence. Bytes that waited flow on. */
  heal(): void {
    this.#state = 'open'
    for (const link of this.#links) link.start()
  }

  /** Sends new connections to another server, and resets the existing ones. */
  switchTo(target: Endpoint): void {
    this.target = target
    for (const link of this.#links) link.destroy()
  }

  async close(): Promise<void> {
    for (const link of this.#links) link.destroy()
    const closed = once(this.#server, 'close')
    this.#server.close()
    await closed
  }

  #accept(client: Socket): void {
    client.on('error', () => client.destroy())
    if (this.#state === 'cut') {
      client.resetAndDestroy()
      return
    }
    const link = new Link(client, this.target, () => this.delayMs)
    this.#links.add(link)
    client.once('close', () => this.#links.delete(link))
    if (this.#state === 'open') link.start()
  }
}

/** One connection through the proxy; the connection to the server opens when bytes may flow. */
class Link {
  readonly #client: Socket
  readonly #target: Endpoint
  readonly #delayMs: () => number
  #server: Socket | null = null
  #isStopped = true

  constructor(client: Socket, target: Endpoint, delayMs: () => number) {
    this.#client = client.setNoDelay(true)
    this.#target = target
    this.#delayMs = delayMs
  }

  start(): void {
    this.#isStopped = false
    this.#server ??= this.#open()
    this.#client.resume()
    this.#server.resume()
  }

  stop(): void {
    this.#isStopped = true
    this.#client.pause()
    this.#server?.pause()
  }

  destroy(): void {
    for (const socket of [this.#client, this.#server]) {
      if (socket && !socket.destroyed) socket.resetAndDestroy()
    }
  }

  #open(): Socket {
    const server = connect({ ...this.#target, noDelay: true, allowHalfOpen: true })
    server.on('error', () => this.destroy())
    server.once('close', () => this.#client.destroy())
    this.#client.once('close', () => server.destroy())
    this.#pass(this.#client, server)
    this.#pass(server, this.#client)
    return server
  }

  #pass(from: Socket, to: Socket): void {
    const resume = () => {
      if (!this.#isStopped) from.resume()
    }
    const write = (bytes: Buffer) => {
      if (!to.destroyed && !to.write(bytes)) {
        from.pause()
        to.once('drain', resume)
      }
    }
    // The order of bytes is kept: timers of the same delay fire in their order.
    from.on('data', (bytes: Buffer) => {
      const delayMs = this.#delayMs()
      if (delayMs === 0) write(bytes)
      else setTimeout(() => write(bytes), delayMs)
    })
    from.once('end', () => to.end())
  }
}
