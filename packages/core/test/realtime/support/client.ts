import { once } from 'node:events'
import { type ClientOptions, WebSocket } from 'ws'
import type { z } from 'zod'
import { type MessageType, serverMessages } from '../../../src/realtime/protocol/messages.ts'

export type MessageOf<Type extends MessageType> = z.infer<(typeof serverMessages)[Type]>
type AnyMessage = MessageOf<MessageType>

/** How long something may take to arrive before a test gives up on it. */
const patienceMs = 20_000

export interface Closing {
  readonly code: number
  readonly reason: string
}

/** A WebSocket client that holds every message against the schema of the protocol. */
export class TestClient {
  readonly socket: WebSocket
  readonly received: AnyMessage[] = []
  readonly closed: Promise<Closing>
  #taken = 0
  readonly #violations: string[] = []

  constructor(url: string, protocols: string[] = [], options: ClientOptions = {}) {
    this.socket = new WebSocket(url, protocols, options)
    this.socket.on('error', () => undefined)
    this.socket.on('message', (data: Buffer) => this.#receive(data.toString()))
    this.closed = once(this.socket, 'close').then(([code, reason]) => ({ code, reason: String(reason) }))
  }

  async opened(): Promise<this> {
    if (this.socket.readyState !== WebSocket.OPEN) await once(this.socket, 'open')
    return this
  }

  send(message: object | string | Buffer): void {
    this.socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message))
  }

  /** The next message that was not taken yet; fails when it is of another type. */
  async next<Type extends MessageType>(type: Type): Promise<MessageOf<Type>> {
    while (this.received.length <= this.#taken) await this.#more(type)
    const message = this.received[this.#taken]
    this.#taken += 1
    if (!message || !isOf(message, type)) throw new Error(`expected ${type}, got ${JSON.stringify(message)}`)
    return message
  }

  /** Passes over other messages until one of the type. */
  async until<Type extends MessageType>(
    type: Type,
    fits: (message: MessageOf<Type>) => boolean = () => true,
  ): Promise<MessageOf<Type>> {
    for (;;) {
      while (this.received.length <= this.#taken) await this.#more(type)
      const message = this.received[this.#taken]
      this.#taken += 1
      if (message && isOf(message, type) && fits(message)) return message
    }
  }

  /** Everything received that was not taken yet, after the server answered a ping: nothing more is on its way. */
  async settled(): Promise<AnyMessage[]> {
    const ref = `settle-${this.received.length}`
    this.send({ action: 'ping', ref })
    const start = this.#taken
    await this.until('pong', (pong) => pong.ref === ref)
    return this.received.slice(start, this.#taken - 1)
  }

  of<Type extends MessageType>(type: Type): MessageOf<Type>[] {
    return this.received.filter((message) => isOf(message, type))
  }

  async close(): Promise<Closing> {
    this.socket.close()
    return this.closed
  }

  async #more(type: string): Promise<void> {
    const [violation] = this.#violations
    if (violation !== undefined) throw new Error(violation)
    const timeout = AbortSignal.timeout(patienceMs)
    try {
      await Promise.race([
        once(this.socket, 'message', { signal: timeout }),
        this.closed.then(({ code }) => Promise.reject(new Error(`closed with ${code} while waiting for ${type}`))),
      ])
    } catch (error) {
      if (timeout.aborted) throw new Error(`no ${type} within ${patienceMs} ms`, { cause: error })
      throw error
    }
  }

  #receive(text: string): void {
    const message: unknown = JSON.parse(text)
    const type = typeof message === 'object' && message !== null && 'type' in message ? message.type : undefined
    const schema = Object.entries(serverMessages).find(([name]) => name === type)?.[1]
    const parsed = schema?.strict().safeParse(message)
    if (parsed?.success) this.received.push(parsed.data)
    else this.#violations.push(`not in the protocol: ${text} ${parsed?.error.message ?? ''}`)
  }
}

function isOf<Type extends MessageType>(message: AnyMessage, type: Type): message is MessageOf<Type> & AnyMessage {
  return message.type === type
}
