import { type GatherLimits, whileGrowing } from './while-growing.ts'

interface Waiting<Key, Value> {
  readonly key: Key
  readonly resolve: (value: Value) => void
  readonly reject: (error: unknown) => void
}

/** Answers single reads that come at the same time together, so that a storm of them costs few queries. */
export class GatheredReads<Key, Value> {
  readonly #readMany: (keys: readonly Key[]) => Promise<readonly Value[]>
  readonly #limits: GatherLimits
  #waiting: Waiting<Key, Value>[] = []
  #reading = false

  /** @param readMany answers in the order of its keys, of which there are at most `limits.max` */
  constructor(readMany: (keys: readonly Key[]) => Promise<readonly Value[]>, limits: GatherLimits) {
    this.#readMany = readMany
    this.#limits = limits
  }

  /** Reads what is there after the call, never what an earlier query has found. */
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
        if (values.length < batch.length) throw new Error('A read answered less than it was asked for')
        for (const [index, value] of values.entries()) batch[index]?.resolve(value)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#reading = false
  }
}
