import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Closed-loop clients over keep-alive connections, which read only the length of the answers. */
export class Load {
  readonly #request: Buffer
  readonly #sockets: Socket[] = []
  #answerBytes = 0
  #received = 0
  #running = false

  constructor(path: string, headers: Readonly<Record<string, string>>) {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    this.#request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${lines.join('')}\r\n`)
  }

  async open(port: number, connections: number): Promise<void> {
    for (let index = 0; index < connections; index += 1) {
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'connect')
      // All answers have the same length, their date included.
      socket.write(this.#request)
      const [first] = (await once(socket, 'data')) as [Buffer]
      if (!first.toString('latin1').startsWith('HTTP/1.1 200'))
        throw new Error(`The server refused the request: ${first.toString('latin1')}`)
      this.#answerBytes = first.length
      let pending = 0
      socket.on('data', (bytes) => {
        this.#received += bytes.length
        pending += bytes.length
        for (; pending >= this.#answerBytes; pending -= this.#answerBytes)
          if (this.#running) socket.write(this.#request)
      })
      this.#sockets.push(socket)
    }
  }

  /** Returns the number of answers within `ms` milliseconds. */
  async run(milliseconds: number): Promise<{ answers: number; seconds: number }> {
    this.#received = 0
    this.#running = true
    const startedAt = performance.now()
    for (const socket of this.#sockets) socket.write(this.#request)
    await new Promise((resolve) => setTimeout(resolve, milliseconds))
    this.#running = false
    const seconds = (performance.now() - startedAt) / 1_000
    const answers = this.#received / this.#answerBytes
    // Wait for the open requests: they must not slow down the server of the next slice.
    await new Promise((resolve) => setTimeout(resolve, 50))
    return { answers, seconds }
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}
