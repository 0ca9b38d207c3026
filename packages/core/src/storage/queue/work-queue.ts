import { FocusError } from '../../common/errors.ts'
import type { Debug } from '../../common/logging/debug.ts'
import { shares, type WorkClass, workClasses } from './work-class.ts'

/** Limits of one class in one queue. */
export interface QueueLimits {
  readonly count: number
  /** Approximate memory of the waiting work. */
  readonly bytes: number
  /** Older work is refused. Shorter than callers wait, so that no work is done after its caller has left. */
  readonly ageMs: number
}

const defaultLimits: QueueLimits = { count: 2_000, bytes: 16_000_000, ageMs: 3_000 }

export interface Work {
  readonly bytes: number
  /** Not refused for its age, because its callers have a longer limit of their own. */
  readonly patient?: boolean
  /** Called at most once, and only for work that is not taken. */
  refuse(error: FocusError): void
}

export type Refusal = 'count' | 'bytes' | 'age'

/** The state of one class in a queue, for operators. */
export interface QueueState {
  readonly queue: string
  readonly kind: WorkClass
  readonly count: number
  readonly bytes: number
  readonly oldestMs: number
  readonly refused: Readonly<Record<Refusal, number>>
}

const sweepMs = 250

/**
 * Work that waits for a part of the database. Each class has limits of count, bytes and age. Classes take turns by their shares;
 * work of one class is taken in its order.
 */
export class WorkQueue<W extends Work> {
  readonly name: string
  readonly #lanes: ReadonlyMap<WorkClass, Lane<W>>
  #sweep: NodeJS.Timeout | null = null

  constructor(name: string, limits: QueueLimits = defaultLimits, debug?: Debug) {
    this.name = name
    const trace = (kind: WorkClass) => (reason: Refusal) =>
      debug?.('call refused', { queue: name, class: kind, reason })
    this.#lanes = new Map(workClasses.map((kind) => [kind, new Lane<W>(limits, trace(kind))]))
  }

  /** @throws FocusError `overloaded` when the class is at one of its limits */
  add(kind: WorkClass, work: W): void {
    this.#lane(kind).add(work)
    this.#sweep ??= setInterval(() => this.#refuseOverdue(), sweepMs).unref()
  }

  /** Takes the next work of the named classes; null when none waits. */
  take(among: readonly WorkClass[] = workClasses): W | null {
    this.#refuseOverdue()
    let chosen: Lane<W> | null = null
    let total = 0
    for (const kind of among) {
      const lane = this.#lane(kind)
      if (lane.count === 0) {
        lane.credit = 0
        continue
      }
      const share = shares[kind]
      total += share
      lane.credit += share
      if (chosen === null || lane.credit > chosen.credit) chosen = lane
    }
    if (chosen === null) return null
    chosen.credit -= total
    return chosen.take()
  }

  get length(): number {
    let length = 0
    for (const lane of this.#lanes.values()) length += lane.count
    return length
  }

  state(): QueueState[] {
    return workClasses.map((kind) => ({ queue: this.name, kind, ...this.#lane(kind).state() }))
  }

  #refuseOverdue(): void {
    let left = 0
    for (const lane of this.#lanes.values()) {
      lane.refuseOverdue()
      left += lane.count
    }
    if (left > 0 || this.#sweep === null) return
    clearInterval(this.#sweep)
    this.#sweep = null
  }

  #lane(kind: WorkClass): Lane<W> {
    const lane = this.#lanes.get(kind)
    if (!lane) throw new TypeError(`${kind} is not a class of work`)
    return lane
  }
}

class Lane<W extends Work> {
  /** Turns that the class has earned and not used. */
  credit = 0
  readonly #limits: QueueLimits
  readonly #trace: (reason: Refusal) => void
  readonly #refused = { count: 0, bytes: 0, age: 0 }
  #waiting: { readonly work: W; readonly since: number }[] = []
  #bytes = 0

  constructor(limits: QueueLimits, trace: (reason: Refusal) => void) {
    this.#limits = limits
    this.#trace = trace
  }

  get count(): number {
    return this.#waiting.length
  }

  add(work: W): void {
    const { count, bytes } = this.#limits
    if (this.#waiting.length >= count) throw this.#refusal('count')
    if (this.#bytes + work.bytes > bytes) throw this.#refusal('bytes')
    this.#waiting.push({ work, since: performance.now() })
    this.#bytes += work.bytes
  }

  take(): W | null {
    const first = this.#waiting.shift()
    if (!first) return null
    this.#bytes -= first.work.bytes
    return first.work
  }

  refuseOverdue(): void {
    const oldest = performance.now() - this.#limits.ageMs
    const first = this.#waiting.find(({ work }) => work.patient !== true)
    if (!first || first.since >= oldest) return
    const { overdue = [], left = [] } = Object.groupBy(this.#waiting, ({ work, since }) =>
      work.patient !== true && since < oldest ? 'overdue' : 'left',
    )
    this.#waiting = left
    for (const { work } of overdue) {
      this.#bytes -= work.bytes
      work.refuse(this.#refusal('age'))
    }
  }

  state() {
    const since = this.#waiting[0]?.since
    return {
      count: this.#waiting.length,
      bytes: this.#bytes,
      oldestMs: since === undefined ? 0 : performance.now() - since,
      refused: { ...this.#refused },
    }
  }

  /** Has no hint: adding it to the text of the stack would cost more than the refused work. */
  #refusal(reason: Refusal): FocusError {
    this.#refused[reason] += 1
    this.#trace(reason)
    const message =
      reason === 'age'
        ? `The database is overloaded: this call waited for ${this.#limits.ageMs} ms and was not started.`
        : 'The database is overloaded: this call was not started.'
    return new FocusError('overloaded', message, { retryAfterSeconds: 5 })
  }
}

/** Returns the approximate bytes that the values of a waiting statement hold. */
export function sizeOf(parameters: readonly unknown[]): number {
  let bytes = 200
  for (const value of parameters) {
    if (typeof value === 'string') bytes += 2 * value.length
    else if (value instanceof Uint8Array) bytes += value.byteLength
    else bytes += 8
  }
  return bytes
}
