import type { JsonValue } from '../common/json.ts'
import type { RandomSource } from '../common/runtime.ts'
import { seal, unseal } from './seal.ts'

/**
 * Encrypts JSON values for clients to keep, so that the server stores nothing until they come back: sign-in flows, nonces,
 * tickets. Only servers with the same `FOCUS_SECRET` can read or change a sealed value.
 */
export class Sealer {
  readonly #secrets: readonly string[]
  readonly #random: RandomSource

  /** @param secrets the newest first: it seals; the older ones only open */
  constructor(secrets: readonly string[], random: RandomSource) {
    this.#secrets = secrets
    this.#random = random
  }

  /** Returns a text of URL-safe characters. It differs at each call: 128 of its random bits are the salt of its key. */
  seal(purpose: string, value: JsonValue): string {
    const [newest] = this.#secrets
    if (newest === undefined) throw new Error('There is no secret to seal with.')
    return seal(JSON.stringify(value), newest, purpose, this.#random)
  }

  /** Returns the value that was sealed for this purpose; null for any other text. */
  open(purpose: string, sealed: string): JsonValue | null {
    const text = unseal(sealed, this.#secrets, purpose)
    return text === null ? null : (JSON.parse(text) as JsonValue)
  }
}
