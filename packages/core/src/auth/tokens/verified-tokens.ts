import { LRUCache } from 'lru-cache'
import type { FocusError } from '../../common/errors.ts'
import type { Clock } from '../../common/runtime.ts'
import type { EndedSessions } from '../sessions/ended-sessions.ts'
import type { Principal } from '../ports.ts'
import { tokenExpired, sessionRevoked } from './token-errors.ts'

const maxTokens = 20_000

interface VerifiedToken {
  readonly principal: Principal
  /** Made once, so that a token that is known costs no promise. */
  readonly answer: Promise<Principal>
}

/**
 * What access tokens said that were verified already, so that a signature is paid for once. The key is the whole token
 * (S35): a prefix or a part could be shared by a forged one. Expiry and the session's end are looked at every time (S23).
 */
export class VerifiedTokens {
  readonly #known = new LRUCache<string, VerifiedToken>({ max: maxTokens })
  readonly #clock: Clock
  readonly #ended: EndedSessions

  constructor(clock: Clock, ended: EndedSessions) {
    this.#clock = clock
    this.#ended = ended
  }

  /** @param verify checks a token that is not known yet */
  principalOf(token: string, verify: (token: string) => Promise<Principal>): Promise<Principal> {
    const known = this.#known.get(token)
    if (known === undefined) return this.#learn(token, verify)
    const refusal = this.#refusalOf(known.principal)
    return refusal === null ? known.answer : Promise.reject(refusal)
  }

  /** Null for a token that was not verified yet, or is not good any more. */
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
