import type { Emitter } from '../../emitter.ts'
import { type Heads, startOfStreams } from './marks.ts'

/** More than arrive while the server counts. */
const maxAdded = 1_000

/** Position of an event. */
interface EventPosition {
  readonly stream: 'user' | 'all'
  readonly offset: number | null
}

export interface Count {
  readonly unreadCount: number
  /** Heads of the streams at the server's count; absent if unknown. */
  readonly heads?: Heads | undefined
}

/** Number of unread notifications: the server's count, plus later arrivals, minus later reads. */
export class UnreadCount {
  readonly #changes: Emitter<number>
  readonly #recount: () => void
  #value = 0
  /** Heads of the streams at the server's count. */
  #heads: Heads = startOfStreams
  /** Counted events after these heads. */
  #added: EventPosition[] = []
  /** Number of counts that came from the server. */
  #serverCounts = 0
  /** Number of reads and deletions on this page. */
  #localChanges = 0

  /** @param recount requests the server's count */
  constructor(changes: Emitter<number>, recount: () => void) {
    this.#changes = changes
    this.#recount = recount
  }

  get value(): number {
    return this.#value
  }

  /** Takes a count of the server that includes all earlier events. */
  restart(count: Count): void {
    this.#added = []
    this.set(count)
  }

  /** Takes a count of the server. */
  set({ unreadCount, heads }: Count): void {
    this.#serverCounts += 1
    this.#heads = heads ?? this.#heads
    this.#added = heads ? this.#added.filter((event) => this.#isBeyond(event)) : []
    this.#show(unreadCount + this.#added.length)
  }

  /** Counts a new unread notification, unless the server's count includes it. */
  arrived({ stream, offset }: EventPosition): void {
    if (!this.#isBeyond({ stream, offset })) return
    this.#added = [...this.#added.slice(1 - maxAdded), { stream, offset }]
    this.#show(this.#value + 1)
  }

  /** Subtracts unread notifications that were read or deleted on this page. */
  subtract(count: number): void {
    this.#localChanges += 1
    this.#show(Math.max(0, this.#value - count))
  }

  /** Takes the count of an answer, unless a newer count arrived during the request. */
  async setFrom<Answer>(request: Promise<Answer>, countOf: (answer: Answer) => Count | null): Promise<Answer> {
    const [serverCounts, localChanges, added] = [this.#serverCounts, this.#localChanges, this.#added]
    const answer = await request
    const count = serverCounts === this.#serverCounts ? countOf(answer) : null
    if (!count) return answer
    // The answer may or may not include changes that were made during the request.
    if (localChanges === this.#localChanges && (count.heads || added === this.#added)) this.set(count)
    else this.#recount()
    return answer
  }

  #isBeyond({ stream, offset }: EventPosition): boolean {
    return offset === null || offset > this.#heads[stream]
  }

  #show(value: number): void {
    if (value === this.#value) return
    this.#value = value
    this.#changes.emit(value)
  }
}
