import type { EncodedMessage } from '../delivery/encoded-message.ts'
import type { Peer, Positioned } from './peer.ts'
import { type CloseCode, closeCodes } from '../protocol/close-codes.ts'
import type { TurnWriter } from './turn-writer.ts'

const encoder = new TextEncoder()

/** Delay until a browser's `EventSource` reconnects after its stream ended. */
const retryMs = 2_000

/**
 * A stream of Server-Sent Events (HTML Standard, 9.2). Each message is one event; its `id` is the position that a client sends as
 * `Last-Event-ID` to resume.
 */
export class SsePeer implements Peer {
  /** The body of the response. */
  readonly body: ReadableStream<Uint8Array>
  readonly #writer: TurnWriter
  readonly #highWaterMark: number
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null
  #text = ''
  #onDrained: (() => void) | null = null
  #closing = false
  /** Sent with the first event: some clients take a `retry:` block without data for an empty message. */
  #prefix = `retry: ${retryMs}\n`
  readonly #onGone: () => void

  /** @param onGone called once when the body has been read to its end, cancelled or cut */
  constructor(writer: TurnWriter, highWaterMark: number, onGone: () => void) {
    this.#writer = writer
    this.#highWaterMark = highWaterMark
    this.#onGone = onGone
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => this.#pulled(),
        cancel: () => this.#finish(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark }),
    )
  }

  get transport(): 'sse' {
    return 'sse'
  }

  get open(): boolean {
    return this.#controller !== null && !this.#closing
  }

  get unsentBytes(): number {
    const queued = this.#highWaterMark - (this.#controller?.desiredSize ?? this.#highWaterMark)
    return queued + this.#text.length
  }

  send(message: EncodedMessage, { eventId }: Positioned): void {
    this.#queueEvent(`${eventId === '' ? '' : `id: ${eventId}\n`}data: ${message.json}`)
  }

  /**
   * Sends a comment, which keeps proxies from closing a silent stream. No blank line follows it, because some clients take that for
   * the end of an empty message.
   */
  ping(): void {
    this.#queue(':\n')
  }

  pause(): void {}

  resume(): void {}

  onceDrained(listener: () => void): void {
    this.flush()
    this.#onDrained = listener
    if (this.unsentBytes === 0) queueMicrotask(() => this.#pulled())
  }

  flush(): void {
    if (this.#text === '') return
    const bytes = encoder.encode(this.#text)
    this.#text = ''
    this.#controller?.enqueue(bytes)
  }

  close({ code, reason }: CloseCode): void {
    // The client has not read earlier bytes, so it would not read a goodbye either.
    if (code === closeCodes.tooSlow.code) {
      this.terminate()
      return
    }
    this.#queueEvent(`data: ${JSON.stringify({ type: 'close', code, reason })}`)
    this.flush()
    this.#closing = true
    this.#pulled()
  }

  terminate(): void {
    this.#controller?.error(new Error('The connection was cut'))
    this.#finish()
  }

  #queueEvent(lines: string): void {
    this.#queue(`${this.#prefix}${lines}\n\n`)
    this.#prefix = ''
  }

  #queue(text: string): void {
    if (!this.open) return
    if (this.#text === '') this.#writer.schedule(this)
    this.#text += text
  }

  #pulled(): void {
    if (this.unsentBytes > 0) return
    if (this.#closing && this.#controller) {
      // Only now: a body that is closed while its queue is full does not report when it has been read.
      this.#controller.close()
      this.#finish()
    }
    if (this.#onDrained === null) return
    const listener = this.#onDrained
    this.#onDrained = null
    listener()
  }

  #finish(): void {
    if (this.#controller === null) return
    this.#controller = null
    this.#text = ''
    this.#onGone()
  }
}
