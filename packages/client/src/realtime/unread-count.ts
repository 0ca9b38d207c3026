import type { Emitter } from '../emitter.ts'

/** How many are unread, as far as anybody said. */
export class UnreadCount {
  readonly #changes: Emitter<number>
  #value = 0
  /** How often somebody said. */
  #countings = 0

  constructor(changes: Emitter<number>) {
    this.#changes = changes
  }

  get value(): number {
    return this.#value
  }

  set(value: number): void {
    this.#countings += 1
    if (value === this.#value) return
    this.#value = value
    this.#changes.emit(value)
  }

  /** Takes over the count of an answer, unless a newer one came while it was on its way. */
  async setFrom<Answer>(request: Promise<Answer>, countOf: (answer: Answer) => number): Promise<Answer> {
    const before = this.#countings
    const answer = await request
    if (before === this.#countings) this.set(countOf(answer))
    return answer
  }
}
