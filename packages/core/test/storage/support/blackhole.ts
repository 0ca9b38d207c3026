import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/**
 * In front of a server: loses, when told, all packets of the connections that exist, in both directions and without a sign to either
 * side, as a firewall that forgot them does. New connections are served.
 */
export class Blackhole {
  readonly #server: Server
  readonly #open = new Set<{ readonly client: Socket; readonly upstream: Socket }>()

  private constructor(target: URL) {
    this.#server = createServer((client) => {
      const upstream = connect(Number(target.port), target.hostname)
      const pair = { client, upstream }
      this.#open.add(pair)
      client.pipe(upstream)
      upstream.pipe(client)
      client.on('error', () => undefined)
      upstream.on('error', () => undefined)
    })
  }

  static async start(target: URL): Promise<Blackhole> {
    const hole = new Blackhole(target)
    hole.#server.listen(0, '127.0.0.1')
    await once(hole.#server, 'listening')
    return hole
  }

  /** The address of the server behind this. */
  through(target: URL): string {
    const url = new URL(target)
    url.hostname = '127.0.0.1'
    url.port = `${(this.#server.address() as AddressInfo).port}`
    return url.href
  }

  /** Connections that are cut off. */
  swallow(): number {
    for (const { client, upstream } of this.#open) {
      client.unpipe(upstream)
      upstream.unpipe(client)
      // Read and forgotten, so that nobody notices by a full window, nor by an end.
      client.removeAllListeners('end').resume()
      upstream.removeAllListeners('end').resume()
    }
    const count = this.#open.size
    this.#swallowed.push(...this.#open)
    this.#open.clear()
    return count
  }

  readonly #swallowed: { readonly client: Socket; readonly upstream: Socket }[] = []

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const { client, upstream } of [...this.#open, ...this.#swallowed]) {
      client.destroy()
      upstream.destroy()
    }
    await closed
  }
}
