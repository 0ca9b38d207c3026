import { once } from 'node:events'
import { type ClientOptions, WebSocket } from 'ws'
import type { z } from 'zod'
import { type MessageType, serverMessages } from '../../../src/realtime/protocol/messages.ts'

export type MessageOf<Type extends MessageType> = z.infer<(typeof serverMessages)[Type]>
type AnyMessage = MessageOf<MessageType>

/** Time until a test gives up waiting for a message. */
const patienceMs = 20_000

export interface Closing {
  readonly code: number
  readonly reason: string
}

/** A WebSocket client that checks every message against the schema of the protocol. */
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

  /** Returns the next message; throws when it has another type. */
  async next<Type extends MessageType>(type: Type): Promise<MessageOf<Type>> {
    while (this.received.length <= this.#taken) await this.#more(type)
    const message = this.received[this.#taken]
    this.#taken += 1
    if (!message || !isOf(message, type)) throw new Error(`expected ${type}, got ${JSON.stringify(message)}`)
    return message
  }

  /** Skips messages until one of the type, and returns it. */
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

  /** Waits for the answer to a ping, and returns all messages received before it that were not read yet. */
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
