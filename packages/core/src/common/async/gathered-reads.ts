import { type GatherLimits, whileGrowing } from './while-growing.ts'

interface Waiting<Key, Value> {
  readonly key: Key
  readonly resolve: (value: Value) => void
  readonly reject: (error: unknown) => void
}

/** Combines reads that arrive at the same time into few queries. */
export class GatheredReads<Key, Value> {
  readonly #readMany: (keys: readonly Key[]) => Promise<readonly Value[]>
  readonly #limits: GatherLimits
  #waiting: Waiting<Key, Value>[] = []
  #reading = false

  /** @param readMany returns one value for each key, in order; it receives at most `limits.max` keys */
  constructor(readMany: (keys: readonly Key[]) => Promise<readonly Value[]>, limits: GatherLimits) {
    this.#readMany = readMany
    this.#limits = limits
  }

  /** Reads the state after the call; it never shares the result of a query that started earlier. */
  read(key: Key): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, resolve, reject })
      if (this.#reading) return
      this.#reading = true
      void this.#drain()
    })
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      await whileGrowing(() => this.#waiting.length, this.#limits)
      const batch = this.#waiting.splice(0, this.#limits.max)
      try {
        const values = await this.#readMany(batch.map(({ key }) => key))
        if (values.length < batch.length) throw new Error('A read returned too few values')
        for (const [index, value] of values.entries()) batch[index]?.resolve(value)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#reading = false
  }
}
