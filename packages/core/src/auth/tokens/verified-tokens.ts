import { LRUCache } from 'lru-cache'
import type { Principal } from '../types.ts'

const maxTokens = 20_000

/**
 * What access tokens said that were verified already, so that a signature is paid for once. The key is the whole token
 * (S35): a prefix or a hash of a part could be shared by a forged one. Expiry and ended sessions are the caller's to check
 * on every use.
 */
export class VerifiedTokens {
  readonly #principals = new LRUCache<string, Principal>({ max: maxTokens })

  get(token: string): Principal | undefined {
    return this.#principals.get(token)
  }

  set(token: string, principal: Principal): void {
    this.#principals.set(token, principal)
  }

  clear(): void {
    this.#principals.clear()
  }
}
