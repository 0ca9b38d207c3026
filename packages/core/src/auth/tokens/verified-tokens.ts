import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { FocusError } from '../../common/errors.ts'
import { textBytes } from '../../common/text/text-bytes.ts'
import type { Clock } from '../../common/runtime.ts'
import type { EndedSessions } from '../sessions/ended-sessions.ts'
import type { Principal } from '../ports.ts'
import { maxTokenLength } from './claims.ts'
import { tokenExpired, sessionRevoked } from './token-errors.ts'

const maxTokens = 20_000
const maxPrincipalBytes = 8_000_000
/** Memory of the tokens that are used again. */
const maxRepeatedBytes = 4_000_000
/** No signed token is shorter. */
const minTokenLength = 100
/** Objects and slots of the tables, without the texts. */
const entryBytes = 240

interface RepeatedToken {
  readonly principal: Principal
  /** Created once, so that a known token costs no promise. */
  readonly answer: Promise<Principal>
}

/**
 * Caches the principals of verified access tokens, so that each signature is checked once. Expiry and the end of the session are
 * checked on each use (S23).
 *
 * A principal is found by the SHA-256 of the whole token (S35), because a forged token could share a part with a valid one. The digest
 * takes a tenth of the memory: the token of an idle connection is not kept. A token that is used again, as for each request of a
 * client, is kept itself and found without a digest.
 */
export class VerifiedTokens {
  readonly #principals = new LRUCache<string, Principal>({
    max: maxTokens,
    maxSize: maxPrincipalBytes,
    sizeCalculation: principalBytes,
  })
  readonly #repeated = new LRUCache<string, RepeatedToken>({
    max: Math.floor(maxRepeatedBytes / (minTokenLength + entryBytes)),
    maxSize: maxRepeatedBytes,
    sizeCalculation: (_entry, token) => entryBytes + token.length,
  })
  /** How often the caches were cleared. */
  #clears = 0
  readonly #clock: Clock
  readonly #ended: EndedSessions
  /** The last token that was looked up by its digest: a new token is looked up several times before it is verified. */
  #lastToken = ''
  #lastDigest = ''

  constructor(clock: Clock, ended: EndedSessions) {
    this.#clock = clock
    this.#ended = ended
  }

  /** @param verify verifies a token that is not cached */
  principalOf(token: string, verify: (token: string) => Promise<Principal>): Promise<Principal> {
    const known = this.#find(token)
    if (known === null) return this.#learn(token, verify)
    const refusal = this.#refusalOf(known.principal)
    return refusal === null ? known.answer : Promise.reject(refusal)
  }

  /** Returns null for a token that was not verified yet, or is no longer valid. */
  known(token: string): Principal | null {
    const known = this.#find(token)
    return known === null || this.#refusalOf(known.principal) !== null ? null : known.principal
  }

  clear(): void {
    this.#clears += 1
    this.#principals.clear()
    this.#repeated.clear()
  }

  #find(token: string): RepeatedToken | null {
    const repeated = this.#repeated.get(token)
    if (repeated !== undefined) return repeated
    const principal = token.length > maxTokenLength ? undefined : this.#principals.get(this.#digestOf(token))
    if (principal === undefined) return null
    const known = { principal, answer: Promise.resolve(principal) }
    this.#repeated.set(token, known)
    return known
  }

  async #learn(token: string, verify: (token: string) => Promise<Principal>): Promise<Principal> {
    const digest = this.#digestOf(token)
    let clears = this.#clears
    let principal = await verify(token)
    if (clears !== this.#clears) {
      // The key may have retired, or the session ended, after it was looked at.
      clears = this.#clears
      principal = await verify(token)
    }
    const refusal = this.#refusalOf(principal)
    if (refusal !== null) throw refusal
    if (clears === this.#clears) this.#principals.set(digest, principal)
    return principal
  }

  #refusalOf({ expiresAt, sessionId }: Principal): FocusError | null {
    if (this.#clock() >= expiresAt) return tokenExpired()
    return sessionId !== null && this.#ended.has(sessionId) ? sessionRevoked() : null
  }

  #digestOf(token: string): string {
    if (token !== this.#lastToken) {
      this.#lastDigest = hash('sha256', token, 'binary')
      this.#lastToken = token
    }
    return this.#lastDigest
  }
}

function principalBytes({ userKey, sessionId, scopes }: Principal): number {
  return entryBytes + textBytes(userKey, sessionId, ...scopes) + 40 * scopes.length
}
