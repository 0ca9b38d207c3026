import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/**
 * A proxy that can lose all packets of its open connections, in both directions and without a sign to either side, as a firewall
 * does that forgot them. New connections are served.
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

  /** Returns the URL of the server through this proxy. */
  through(target: URL): string {
    const url = new URL(target)
    url.hostname = '127.0.0.1'
    url.port = `${(this.#server.address() as AddressInfo).port}`
    return url.href
  }

  /** Cuts off the open connections; returns how many. */
  swallow(): number {
    for (const { client, upstream } of this.#open) {
      client.unpipe(upstream)
      upstream.unpipe(client)
      // Read and drop the data, so that neither side notices by a full window or an end.
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
