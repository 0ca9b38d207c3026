import type { JsonObject } from '@focus-api/core'

export interface StreamEvent {
  readonly id: string
  readonly message: JsonObject
}

/** Reads Server-Sent Events one at a time, on demand. */
export class EventStreamClient {
  readonly response: Response
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #abort: AbortController
  readonly #decoder = new TextDecoder()
  #text = ''

  private constructor(response: Response, abort: AbortController) {
    if (!response.body) throw new Error('The response has no body')
    this.response = response
    this.#reader = response.body.getReader()
    this.#abort = abort
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<EventStreamClient> {
    const abort = new AbortController()
    const response = await fetch(url, { headers, signal: abort.signal })
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
    return new EventStreamClient(response, abort)
  }

  /** Returns the next event with data; null when the stream has ended. */
  async next(): Promise<StreamEvent | null> {
    for (;;) {
      const end = this.#text.indexOf('\n\n')
      if (end >= 0) {
        const event = parse(this.#text.slice(0, end))
        this.#text = this.#text.slice(end + 2)
        if (event) return event
        continue
      }
      const { value, done } = await this.#reader.read()
      if (done) return null
      this.#text += this.#decoder.decode(value, { stream: true })
    }
  }

  /** Skips messages until one of the type, and returns it. */
  async until(type: string): Promise<StreamEvent> {
    for (let event = await this.next(); event; event = await this.next())
      if (event.message['type'] === type) return event
    throw new Error(`The stream ended before a ${type} arrived`)
  }

  close(): void {
    this.#abort.abort()
  }
}

function parse(block: string): StreamEvent | null {
  const field = (name: string) =>
    block
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2)
  const data = field('data')
  return data === undefined ? null : { id: field('id') ?? '', message: JSON.parse(data) }
}
