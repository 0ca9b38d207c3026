import type { BrokerMessage } from '../broker-port.ts'
import type { Channel, Channels } from './channels.ts'
import type { Payloads } from './payload.ts'

/** Where payloads are published. */
export interface PublishTarget {
  readonly channels: Channels
  publish(publications: readonly (readonly [Channel, string])[]): Promise<void>
}

interface Waiting {
  readonly channel: Channel
  readonly messages: string[]
}

/** Channels in one command. A command blocks all other clients of Redis, here for about a millisecond. */
const batchChannels = 512
/** Commands that Redis has not answered yet. Further messages wait and leave as larger batches. */
const maxCommands = 8
/** Encoded messages that may wait, in characters; answers are dropped before. */
const maxWaiting = 16 * 1024 * 1024
const maxAnswers = maxWaiting / 2

/**
 * Messages on their way to Redis. All messages for one channel that are published in one turn of the event loop, or while Redis
 * is busy, leave as one payload.
 */
export class Outgoing {
  readonly #target: PublishTarget
  readonly #payloads: Pick<Payloads, 'encode'>
  readonly #onOverflow: () => void
  #waiting = new Map<string, Waiting>()
  #size = 0
  #commands = 0
  #scheduled = false
  #drained: (() => void) | null = null

  /** @param onOverflow called when Redis takes messages so slowly that they were dropped */
  constructor(target: PublishTarget, payloads: Pick<Payloads, 'encode'>, onOverflow: () => void) {
    this.#target = target
    this.#payloads = payloads
    this.#onOverflow = onOverflow
  }

  add(message: BrokerMessage): void {
    const text = JSON.stringify(message)
    // Whoever asked names this node as one that did not answer; nothing else is dropped for an answer.
    if (message.kind === 'answer' && this.#size + text.length > maxAnswers) return
    const channel = this.#target.channels.of(message)
    const waiting = this.#waiting.get(channel.name)
    if (waiting) waiting.messages.push(text)
    else this.#waiting.set(channel.name, { channel, messages: [text] })
    this.#size += text.length
    if (this.#size > maxWaiting) {
      this.#waiting.clear()
      this.#size = 0
      this.#onOverflow()
    }
    this.#schedule()
  }

  /** Resolves when everything has left. */
  async drained(): Promise<void> {
    if (this.#waiting.size > 0 || this.#commands > 0) await new Promise<void>((resolve) => (this.#drained = resolve))
  }

  #schedule(): void {
    if (this.#waiting.size === 0 && this.#commands === 0) this.#drained?.()
    if (this.#scheduled || this.#waiting.size === 0 || this.#commands >= maxCommands) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    const waiting = [...this.#waiting.values()]
    this.#waiting = new Map()
    this.#size = 0
    for (let start = 0; start < waiting.length; start += batchChannels) {
      const batch = waiting.slice(start, start + batchChannels)
      this.#commands += 1
      void this.#target
        .publish(batch.map(({ channel, messages }) => [channel, this.#payloads.encode(messages)]))
        .finally(() => {
          this.#commands -= 1
          this.#schedule()
        })
    }
  }
}
