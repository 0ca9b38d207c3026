import type { ControlMessage, NodeBroker } from '../broker-port.ts'
import { nodeNameOf } from '../node-ids.ts'
import type { NodeAnswer, NodeQuestion } from '../questions-port.ts'

/** How long nodes may take to answer, in milliseconds. */
const answerMs = 2_000

/** The answers of the nodes that were asked. */
export interface Answers {
  readonly parts: readonly NodeAnswer[]
  /** Names of nodes that did not answer, or not completely. */
  readonly missing: readonly string[]
}

/** The parts of one node's answer, which may arrive in any order, or not at all. */
interface Arrived {
  readonly numbers: Set<number>
  /** How many parts there are; Infinity until the last one arrived. */
  count: number
}

interface OpenQuestion {
  readonly parts: NodeAnswer[]
  readonly waitingFor: Map<string, Arrived>
  readonly done: () => void
}

type Question = Extract<ControlMessage, { kind: 'question' }>
type Answer = Extract<ControlMessage, { kind: 'answer' }>

/** Asks other nodes over the broker, and answers their questions. */
export class Questions {
  readonly #broker: NodeBroker
  readonly #answer: (question: NodeQuestion) => Iterable<NodeAnswer>
  readonly #timeoutMs: number
  readonly #open = new Map<string, OpenQuestion>()
  readonly #stopListening: () => void
  #asked = 0

  /**
   * @param answer returns the parts of this node's answer; at least one
   * @param timeoutMs how long nodes may take to answer
   */
  constructor(broker: NodeBroker, answer: (question: NodeQuestion) => Iterable<NodeAnswer>, timeoutMs = answerMs) {
    this.#broker = broker
    this.#answer = answer
    this.#timeoutMs = timeoutMs
    this.#stopListening = broker.onControlMessage((message, from) => {
      // The node that asked names this one as missing.
      if (message.kind === 'question') this.#reply(message, from).catch(() => undefined)
      else if (message.kind === 'answer') this.#receive(message, nodeNameOf(from))
    })
  }

  /** Asks one node, or all of several; resolves when all have answered, or when the time is over. Never rejects. */
  ask(question: NodeQuestion, nodes: readonly string[]): Promise<Answers> {
    const waitingFor = new Map(nodes.map((node) => [node, { numbers: new Set<number>(), count: Infinity }]))
    const parts: NodeAnswer[] = []
    if (waitingFor.size === 0) return Promise.resolve({ parts, missing: [] })
    // Nothing is queued while the broker is away.
    if (!this.#broker.connected) return Promise.resolve({ parts, missing: [...waitingFor.keys()] })
    const ref = `${((this.#asked += 1)).toString(36)}.${Date.now().toString(36)}`
    const [only] = nodes
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#open.delete(ref)
        resolve({ parts, missing: [...waitingFor.keys()] })
      }
      const timer = setTimeout(done, this.#timeoutMs)
      this.#open.set(ref, { parts, waitingFor, done })
      const to = waitingFor.size === 1 ? (only ?? null) : null
      this.#broker.publish({ kind: 'question', to, ref, question })
    })
  }

  close(): void {
    this.#stopListening()
    // Deleting the present entry of a map while it is iterated is safe.
    for (const { done } of this.#open.values()) done()
  }

  async #reply({ ref, question }: Question, from: string): Promise<void> {
    let next: NodeAnswer | undefined
    let part = 0
    for (const answer of this.#answer(question)) {
      if (next) {
        this.#broker.publish({ kind: 'answer', to: from, ref, answer: next, part, last: false })
        part += 1
        // A node with many connections sends to its clients between two parts.
        await new Promise((resolve) => setImmediate(resolve))
      }
      next = answer
    }
    if (next) this.#broker.publish({ kind: 'answer', to: from, ref, answer: next, part, last: true })
  }

  #receive({ ref, answer, part, last }: Answer, from: string): void {
    const open = this.#open.get(ref)
    const arrived = open?.waitingFor.get(from)
    if (!open || !arrived || arrived.numbers.has(part)) return
    open.parts.push(answer)
    arrived.numbers.add(part)
    if (last) arrived.count = part + 1
    if (arrived.numbers.size < arrived.count) return
    open.waitingFor.delete(from)
    if (open.waitingFor.size === 0) open.done()
  }
}
