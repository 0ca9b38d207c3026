import type { Emitter } from '../../emitter.ts'
import { type Heads, nothing } from './marks.ts'

/** More than arrive while the server counts. */
const keptAtMost = 1_000

/** Of an event in the streams. */
interface Place {
  readonly stream: 'user' | 'all'
  readonly offset: number | null
}

export interface Count {
  readonly unreadCount: number
  /** Up to which events the server counted; unknown when absent. */
  readonly heads?: Heads | undefined
}

/** How many are unread: the server's count, with later arrivals and reads. */
export class UnreadCount {
  readonly #changes: Emitter<number>
  readonly #recount: () => void
  #value = 0
  /** Up to which events the server counted. */
  #heads: Heads = nothing
  /** Events that were added because they are beyond that. */
  #added: Place[] = []
  /** How often the server said a count, and how often something was read or deleted here. */
  #countings = 0
  #guesses = 0

  /** @param recount asks the server */
  constructor(changes: Emitter<number>, recount: () => void) {
    this.#changes = changes
    this.#recount = recount
  }

  get value(): number {
    return this.#value
  }

  /** The server counted, everything before included. */
  restart(count: Count): void {
    this.#added = []
    this.set(count)
  }

  /** The server counted. */
  set({ unreadCount, heads }: Count): void {
    this.#countings += 1
    this.#heads = heads ?? this.#heads
    this.#added = heads ? this.#added.filter((event) => this.#isBeyond(event)) : []
    this.#show(unreadCount + this.#added.length)
  }

  /** An unread notification came, which the server may have counted already. */
  arrived({ stream, offset }: Place): void {
    if (!this.#isBeyond({ stream, offset })) return
    this.#added = [...this.#added.slice(1 - keptAtMost), { stream, offset }]
    this.#show(this.#value + 1)
  }

  /** Unread ones were read or deleted here. */
  less(count: number): void {
    this.#guesses += 1
    this.#show(Math.max(0, this.#value - count))
  }

  /** Takes over the count of an answer, unless the server said a newer one while it was on its way. */
  async setFrom<Answer>(request: Promise<Answer>, countOf: (answer: Answer) => Count | null): Promise<Answer> {
    const [countings, guesses, added] = [this.#countings, this.#guesses, this.#added]
    const answer = await request
    const count = countings === this.#countings ? countOf(answer) : null
    if (!count) return answer
    // The answer may or may not include changes that were made meanwhile.
    if (guesses === this.#guesses && (count.heads || added === this.#added)) this.set(count)
    else this.#recount()
    return answer
  }

  #isBeyond({ stream, offset }: Place): boolean {
    return offset === null || offset > this.#heads[stream]
  }

  #show(value: number): void {
    if (value === this.#value) return
    this.#value = value
    this.#changes.emit(value)
  }
}
