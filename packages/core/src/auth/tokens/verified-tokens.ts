import { LRUCache } from 'lru-cache'
import type { FocusError } from '../../common/errors.ts'
import type { Clock } from '../../common/runtime.ts'
import type { EndedSessions } from '../sessions/ended-sessions.ts'
import type { Principal } from '../ports.ts'
import { tokenExpired, sessionRevoked } from './token-errors.ts'

const maxTokens = 20_000

interface VerifiedToken {
  readonly principal: Principal
  /** Created once, so that a known token costs no promise. */
  readonly answer: Promise<Principal>
}

/**
 * Caches the principals of verified access tokens, so that each signature is checked once. The key is the whole token (S35),
 * because a forged token could share a part with a valid one. Expiry and the end of the session are checked on each use (S23).
 */
export class VerifiedTokens {
  readonly #known = new LRUCache<string, VerifiedToken>({ max: maxTokens })
  readonly #clock: Clock
  readonly #ended: EndedSessions

  constructor(clock: Clock, ended: EndedSessions) {
    this.#clock = clock
    this.#ended = ended
  }

  /** @param verify verifies a token that is not cached */
  principalOf(token: string, verify: (token: string) => Promise<Principal>): Promise<Principal> {
    const known = this.#known.get(token)
    if (known === undefined) return this.#learn(token, verify)
    const refusal = this.#refusalOf(known.principal)
    return refusal === null ? known.answer : Promise.reject(refusal)
  }

  /** Returns null for a token that was not verified yet, or is no longer valid. */
  known(token: string): Principal | null {
    const known = this.#known.get(token)
    return known === undefined || this.#refusalOf(known.principal) !== null ? null : known.principal
  }

  clear(): void {
    this.#known.clear()
  }

  async #learn(token: string, verify: (token: string) => Promise<Principal>): Promise<Principal> {
    const principal = await verify(token)
    const refusal = this.#refusalOf(principal)
    if (refusal !== null) throw refusal
    this.#known.set(token, { principal, answer: Promise.resolve(principal) })
    return principal
  }

  #refusalOf({ expiresAt, sessionId }: Principal): FocusError | null {
    if (this.#clock() >= expiresAt) return tokenExpired()
    return sessionId !== null && this.#ended.has(sessionId) ? sessionRevoked() : null
  }
}
