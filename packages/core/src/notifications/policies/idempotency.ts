import { sha256Base64Url, sha256Hex } from '../../common/hashing.ts'
import { setTimeout as delay } from 'node:timers/promises'
import { clockSkewMs } from '../../common/time/clock-skew.ts'
import { FocusError } from '../../common/errors.ts'
import type { JsonValue } from '../../common/json.ts'
import type { Clock } from '../../common/runtime.ts'
import type { IdempotencyRecord, IdempotencyStore } from './idempotency-port.ts'

const keptForMs = 24 * 60 * 60_000
/** Longer than any call may take: a call that holds its key for longer has died. */
const leaseMs = 30_000

/** Generates the ids of a repeatable call: the same ones for each attempt. */
export interface RepeatableIds {
  /** @param owner distinguishes the notifications of one call */
  idFor(owner: string): string
  /** Whether an earlier attempt may have sent some of them. */
  readonly resumed: boolean
  /** Keeps the ids after a failure, because a part of the call was sent or may have been. */
  keep(): void
}

/** Returns whether an error means that nothing was sent; otherwise the outcome is unknown. */
export function isRefusal(error: unknown): boolean {
  return error instanceof FocusError && error.code !== 'storage_unavailable' && error.code !== 'closed'
}

/** Gives a repeated call the answer of the first one, even if both run at the same time or on different nodes. */
export class Idempotency {
  readonly #store: IdempotencyStore
  readonly #clock: Clock
  readonly #newSeed: () => string

  constructor(store: IdempotencyStore, clock: Clock, newSeed: () => string) {
    this.#store = store
    this.#clock = clock
    this.#newSeed = newSeed
  }

  /**
   * @throws FocusError `idempotency_conflict` for a key that was used with another request, `invalid_request` for an invalid
   * key or a request that JSON cannot hold; errors of `work`, after which the key is free again unless something was sent
   */
  async run<T extends JsonValue>(key: string, request: unknown, work: (ids: RepeatableIds) => Promise<T>): Promise<T> {
    checkKey(key)
    const claim = await this.#claim(key, fingerprint(request))
    // The answer was returned by an earlier run of this function.
    if ('answer' in claim) return claim.answer as T
    const { held, resumed } = claim
    let kept = resumed
    const keep = () => {
      kept = true
    }
    try {
      const answer = await work({ ...repeatableIds(held.seed), resumed, keep })
      await this.#store.replace(key, held, { ...held, leaseUntil: 0, answer })
      return answer
    } catch (error) {
      await this.#giveUp(key, held, kept || !isRefusal(error))
      throw error
    }
  }

  /**
   * Releases the key after a refusal. A call that may have written something keeps its record, so that a repetition resumes
   * with the same ids. Has no effect if another process has resumed the call.
   */
  async #giveUp(key: string, held: IdempotencyRecord, kept: boolean): Promise<void> {
    const giveUp = kept ? this.#store.replace(key, held, { ...held, leaseUntil: 0 }) : this.#store.release(key, held)
    await giveUp.catch(() => undefined)
  }

  async #claim(
    key: string,
    request: string,
  ): Promise<{ readonly held: IdempotencyRecord; readonly resumed: boolean } | { readonly answer: JsonValue }> {
    const mine: IdempotencyRecord = { request, seed: this.#newSeed(), leaseUntil: this.#newLease(), answer: null }
    let other = await this.#store.claim(key, mine, this.#clock() + keptForMs)
    if (!other) return { held: mine, resumed: false }
    for (let waitMs = 5; ; waitMs = Math.min(waitMs * 2, 200)) {
      if (other.request !== request) throw conflict()
      if (other.answer !== null) return { answer: other.answer }
      if (!this.#isAlive(other)) {
        const held: IdempotencyRecord = { ...other, leaseUntil: this.#newLease() }
        // One of the waiting calls takes over.
        if (await this.#store.replace(key, other, held)) return { held, resumed: true }
      }
      await delay(waitMs)
      const now = await this.#store.read(key)
      // The other call was refused, so this one may run.
      if (!now) return this.#claim(key, request)
      other = now
    }
  }

  /** A lease that ends later than a new one would was taken before a clock was set back; its holder counts as dead. */
  #isAlive({ leaseUntil }: IdempotencyRecord): boolean {
    const now = this.#clock()
    return leaseUntil > now && leaseUntil <= now + leaseMs + clockSkewMs
  }

  #newLease(): number {
    return this.#clock() + leaseMs
  }
}

function checkKey(key: string): void {
  if (/^[\x20-\x7e]{1,255}$/.test(key)) return
  throw new FocusError('invalid_request', 'The idempotency key must have 1 to 255 printable ASCII characters.', {
    hint: 'Use a new UUID for each operation.',
  })
}

function fingerprint(request: unknown): string {
  try {
    return sha256Base64Url(JSON.stringify(request, inOrder))
  } catch (error) {
    throw new FocusError('invalid_request', 'A call with an idempotency key must have params that JSON can hold.', {
      hint: 'Pass plain params: no cycles, no BigInt.',
      cause: error,
    })
  }
}

/** Sorts members, whose order has no meaning in JSON (RFC 8259 §4). */
function inOrder(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function conflict(): FocusError {
  return new FocusError(
    'idempotency_conflict',
    'The idempotency key was used with another request in the last 24 hours.',
    {
      hint: 'Repeat the call unchanged, or use a new key.',
    },
  )
}

/** Returns UUIDv7s with the time of the seed, so that they sort by the time of the first attempt. */
function repeatableIds(seed: string): Pick<RepeatableIds, 'idFor'> {
  return {
    idFor: (owner) => {
      const hash = sha256Hex(`${seed}\n${owner}`)
      const variant = '89ab'[Number.parseInt(hash.slice(0, 1), 16) % 4] ?? '8'
      return `${seed.slice(0, 14)}7${hash.slice(1, 4)}-${variant}${hash.slice(4, 7)}-${hash.slice(7, 19)}`
    },
  }
}
