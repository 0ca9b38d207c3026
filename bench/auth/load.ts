import { connect, type Socket } from 'node:net'

export interface LoadOptions {
  readonly port: number
  readonly path: string
  readonly token: string
  readonly connections: number
  /** Requests on their way at once, on each connection. */
  readonly pipelined: number
}

/**
 * Asks for one address over raw sockets, as fast as it is answered. Every answer has the length of the first, so that counting
 * bytes counts answers, and the client costs next to nothing.
 */
export class Load {
  readonly #options: LoadOptions
  readonly #request: Buffer
  #sockets: Socket[] = []
  #answerLength = 0
  #bytes = 0

  constructor(options: LoadOptions) {
    this.#options = options
    this.#request = Buffer.from(
      `GET ${options.path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${options.token}\r\n\r\n`,
    )
  }

  /** @throws Error when the route does not answer 200 */
  async open(): Promise<void> {
    this.#answerLength = await this.#measureAnswer()
    this.#sockets = await Promise.all(Array.from({ length: this.#options.connections }, () => this.#connect()))
  }

  /** Answers that came so far. */
  get answers(): number {
    return this.#bytes / this.#answerLength
  }

  /** Lets it run for a while; nothing is asked in between. */
  async run(milliseconds: number): Promise<{ readonly answers: number; readonly seconds: number }> {
    const before = this.answers
    const begun = performance.now()
    let running = true
    const drained = this.#sockets.map((socket) => this.#drive(socket, () => running))
    setTimeout(() => {
      running = false
    }, milliseconds)
    await Promise.all(drained)
    return { answers: this.answers - before, seconds: (performance.now() - begun) / 1_000 }
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #drive(socket: Socket, more: () => boolean): Promise<void> {
    const { pipelined } = this.#options
    const burst = Buffer.concat(Array.from({ length: pipelined }, () => this.#request))
    return new Promise((resolve, reject) => {
      let missing = pipelined * this.#answerLength
      const onData = (data: Buffer) => {
        this.#bytes += data.length
        missing -= data.length
        if (missing > 0) return
        if (more()) {
          missing = pipelined * this.#answerLength
          socket.write(burst)
          return
        }
        socket.off('data', onData)
        resolve()
      }
      socket.on('data', onData)
      socket.once('error', reject)
      socket.write(burst)
    })
  }

  async #measureAnswer(): Promise<number> {
    const socket = await this.#connect()
    return await new Promise((resolve, reject) => {
      let text = ''
      socket.on('data', (data) => {
        text += data.toString('latin1')
        const [head, body] = text.split('\r\n\r\n')
        const length = Number(/content-length: (\d+)/i.exec(head ?? '')?.[1])
        if (body === undefined || body.length < length) return
        socket.destroy()
        if (text.startsWith('HTTP/1.1 200')) resolve(text.length)
        else reject(new Error(`The route answered ${text.slice(0, 200)}`))
      })
      socket.write(this.#request)
    })
  }

  #connect(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#options.port, '127.0.0.1', () => resolve(socket))
      socket.setNoDelay(true)
      socket.once('error', reject)
    })
  }
}
