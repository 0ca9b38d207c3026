import { type KeyObject, sign, timingSafeEqual, verify } from 'node:crypto'
import { availableParallelism } from 'node:os'

/** Longest time that signatures may take in one turn of the event loop. */
const sliceMs = 2

/** A signature that is to be checked. */
export interface SignedBytes {
  readonly bytes: Buffer
  readonly signature: Buffer
  readonly publicKey: KeyObject
  /** The private key, if this process has it. */
  readonly privateKey: KeyObject | null
}

interface Check {
  readonly signed: SignedBytes
  readonly resolve: (isValid: boolean) => void
  readonly reject: (error: unknown) => void
}

/**
 * Checks Ed25519 signatures. Thousands of clients may return at the same time, and a verification takes about 100 µs. Signing takes
 * a third of that and always gives the same signature (RFC 8032 §5.1.6): bytes that this process could have signed are signed again
 * and compared. Only a signature that differs is verified.
 *
 * With several cores the thread pool does this. With a single core, the pool could only take turns with the event loop, and its
 * messages and switches would add half of the work again: the event loop checks signatures itself then, in short slices.
 */
export class SignatureChecks {
  readonly #inPool: boolean
  #waiting: Check[] = []
  #scheduled = false

  constructor(inPool: boolean = availableParallelism() > 1) {
    this.#inPool = inPool
  }

  isValid(signed: SignedBytes): Promise<boolean> {
    if (this.#inPool) return isValidInPool(signed)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ signed, resolve, reject })
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
    for (const { signed, resolve, reject } of this.#waiting) {
      if (done > 0 && performance.now() >= until) break
      done += 1
      try {
        resolve(isValidNow(signed))
      } catch (error) {
        reject(error)
      }
    }
    this.#waiting = this.#waiting.slice(done)
    this.#scheduled = false
    if (this.#waiting.length > 0) this.#schedule()
  }
}

function isValidNow({ bytes, signature, publicKey, privateKey }: SignedBytes): boolean {
  if (privateKey !== null && isSame(sign(null, bytes, privateKey), signature)) return true
  return verify(null, bytes, publicKey, signature)
}

function isValidInPool({ bytes, signature, publicKey, privateKey }: SignedBytes): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const decide = () =>
      verify(null, bytes, publicKey, signature, (error, isValid) => (error === null ? resolve(isValid) : reject(error)))
    if (privateKey === null) return decide()
    sign(null, bytes, privateKey, (error, own) => {
      if (error === null && isSame(own, signature)) resolve(true)
      else decide()
    })
  })
}

/** In constant time: the time of a comparison that stops early would tell the signature, byte by byte. */
function isSame(own: Buffer, signature: Buffer): boolean {
  return own.length === signature.length && timingSafeEqual(own, signature)
}
