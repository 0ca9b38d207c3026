import { type KeyObject, verify } from 'node:crypto'
import { availableParallelism } from 'node:os'

/** Longest time that signatures may take in one turn of the event loop: about twenty of them. */
const sliceMs = 2

interface Check {
  readonly signed: Buffer
  readonly key: KeyObject
  readonly signature: Buffer
  readonly resolve: (isValid: boolean) => void
  readonly reject: (error: unknown) => void
}

/**
 * Checks Ed25519 signatures, which take about 100 µs each. Thousands of clients may return at the same time. With several cores
 * the thread pool checks them. With a single core the pool could only take turns with the event loop, and its messages
 * and switches would add half of the work again: the event loop checks them itself then, in short slices.
 */
export class SignatureChecks {
  readonly #inPool: boolean
  #waiting: Check[] = []
  #scheduled = false

  constructor(inPool: boolean = availableParallelism() > 1) {
    this.#inPool = inPool
  }

  isValid(signed: Buffer, key: KeyObject, signature: Buffer): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (this.#inPool) {
        verify(null, signed, key, signature, (error, isValid) => (error === null ? resolve(isValid) : reject(error)))
        return
      }
      this.#waiting.push({ signed, key, signature, resolve, reject })
      this.#schedule()
    })
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#runSlice)
  }

  readonly #runSlice = (): void => {
    const until = performance.now() + sliceMs
    let done = 0
    for (const check of this.#waiting) {
      if (done > 0 && performance.now() >= until) break
      done += 1
      run(check)
    }
    this.#waiting = this.#waiting.slice(done)
    this.#scheduled = false
    if (this.#waiting.length > 0) this.#schedule()
  }
}

function run({ signed, key, signature, resolve, reject }: Check): void {
  try {
    resolve(verify(null, signed, key, signature))
  } catch (error) {
    reject(error)
  }
}
