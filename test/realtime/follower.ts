import { once } from 'node:events'

/** A client that keeps its position and resumes from it on any node. */
export class Follower {
  readonly offsets: number[] = []
  readonly closeCodes: number[] = []
  readonly #token: string
  #position: { epoch: string; offset: number } | null = null
  #socket: WebSocket | null = null
  readonly #arrivals = new EventTarget()

  constructor(token: string) {
    this.#token = token
  }

  /** Resolves when the `connection` message has arrived. */
  async connect(url: string): Promise<Record<string, unknown>> {
    const position = this.#position
    const resume = position ? `&epoch=${position.epoch}&offset=${position.offset}` : ''
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws/notifications?token=${this.#token}${resume}`)
    this.#socket = socket
    socket.addEventListener('close', ({ code }) => this.closeCodes.push(code))
    const greeting = Promise.withResolvers<Record<string, unknown>>()
    socket.addEventListener('close', ({ code }) => greeting.reject(new Error(`closed with ${code}`)))
    socket.addEventListener('message', ({ data }) => {
      const message = JSON.parse(String(data))
      if (message.type === 'connection') {
        this.#position ??= { epoch: message.stream.epoch, offset: message.stream.offset }
        greeting.resolve(message)
      } else if (message.type === 'notification') {
        this.#position = { epoch: message.epoch, offset: message.offset }
        this.offsets.push(message.offset)
        this.#arrivals.dispatchEvent(new Event('notification'))
      }
    })
    return greeting.promise
  }

  /** Resolves when the notification with this offset has arrived. */
  async until(offset: number): Promise<void> {
    const signal = AbortSignal.timeout(15_000)
    while ((this.offsets.at(-1) ?? 0) < offset) await once(this.#arrivals, 'notification', { signal })
  }

  async closed(): Promise<void> {
    const socket = this.#socket
    if (socket && socket.readyState !== WebSocket.CLOSED) await once(socket, 'close')
  }

  async close(): Promise<void> {
    const closed = this.closed()
    this.#socket?.close()
    await closed
  }
}
