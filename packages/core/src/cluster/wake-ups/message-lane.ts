import { setTimeout as delay } from 'node:timers/promises'
import type { Debug } from '../../common/logging/debug.ts'
import type { BrokerMessage } from '../broker-port.ts'
import type { ClusterNodes } from '../nodes/nodes-port.ts'
import { encodeMessages } from './message-row.ts'
import { lanes, type WakeUpStore } from './wake-up-store-port.ts'

/**
 * Characters of one message, and of one row. A `state` message about more ids is dropped, and clients learn of the change by
 * the revision in their next heartbeat.
 */
const maxLength = 250_000
/** Characters that wait: as many as the largest rows of some seconds. Answers to questions have as many of their own. */
const maxWaiting = 5_000_000
/** How long a row is tried again while the database is away. */
const patienceMs = 10_000

export interface MessageLaneParts {
  readonly store: WakeUpStore
  readonly nodes: Pick<ClusterNodes, 'self'>
  /** The nodes that this node leaves wake-ups for, by their numbers. */
  readonly knownPeers: () => readonly number[]
  readonly debug: Debug
  /** Numbers of rows, ascending. */
  readonly nextSeq: () => number
  /** Called after each row. */
  readonly written: () => void
}

/**
 * Writes the messages of this node: one row at a time takes all that wait. A row whose insert had no answer is inserted again
 * under its number, so that rows appear in the order of their numbers.
 */
export class MessageLane {
  readonly #parts: MessageLaneParts
  /** Answers, which may be long, leave after everything else. */
  readonly #queues = { urgent: new Queue(), answers: new Queue() }
  #hello = false
  #row = false
  #working: Promise<void> | null = null
  #closed = false

  constructor(parts: MessageLaneParts) {
    this.#parts = parts
  }

  add(message: BrokerMessage): void {
    const json = JSON.stringify(message)
    const queue = message.kind === 'answer' ? this.#queues.answers : this.#queues.urgent
    if (this.#closed || json.length > maxLength || queue.length + json.length > maxWaiting) {
      this.#parts.debug('message dropped', { kind: message.kind, length: json.length, waiting: queue.length })
      return
    }
    queue.add(json)
    this.#start()
  }

  /**
   * Tells the others which nodes this one knows, even without a message.
   *
   * @param hello asks them to do the same
   */
  tellPeers({ hello }: { readonly hello: boolean }): void {
    if (this.#closed) return
    this.#hello ||= hello
    this.#row = true
    this.#start()
  }

  /** Drops the messages that wait. */
  clear(): void {
    for (const queue of this.#all) queue.take(Infinity)
  }

  /** Writes the messages that wait. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#working
    this.clear()
  }

  #start(): void {
    this.#working ??= this.#work()
  }

  async #work(): Promise<void> {
    // Messages of one turn of the event loop share a row.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#row || this.#all.some(({ length }) => length > 0)) await this.#writeRow()
    this.#working = null
  }

  async #writeRow(): Promise<void> {
    const { nodes, knownPeers, nextSeq, written } = this.#parts
    const messages = this.#take()
    const content = encodeMessages(knownPeers(), this.#hello, messages)
    this.#hello = false
    this.#row = false
    const row = { node: nodes.self.id, lane: lanes.messages, seq: nextSeq(), content }
    for (const until = performance.now() + patienceMs; ; ) {
      try {
        await this.#parts.store.add(row)
        written()
        return
      } catch (error) {
        this.#parts.debug('writing messages failed', { messages: messages.length, error })
        if (this.#closed || performance.now() > until) return
        await delay(200, undefined, { ref: false })
      }
    }
  }

  get #all(): readonly Queue[] {
    return [this.#queues.urgent, this.#queues.answers]
  }

  #take(): string[] {
    const urgent = this.#queues.urgent.take(maxLength)
    return urgent.length > 0 ? urgent : this.#queues.answers.take(maxLength)
  }
}

/** Messages as JSON, in their order. */
class Queue {
  /** Characters that wait. */
  length = 0
  #waiting: string[] = []

  add(json: string): void {
    this.#waiting.push(json)
    this.length += json.length
  }

  /** Takes the first messages that have at most this many characters together, but at least one. */
  take(maxLength: number): string[] {
    let count = 0
    let length = 0
    for (const json of this.#waiting) {
      if (count > 0 && length + json.length > maxLength) break
      count += 1
      length += json.length
    }
    this.length -= length
    return this.#waiting.splice(0, count)
  }
}
