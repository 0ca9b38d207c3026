import type { JWK } from 'jose'
import type { OriginPolicy } from '../net/origin-policy.ts'
import type { Provider } from './providers/provider.ts'
import type { ExternalTokenSettings } from './tokens/external-tokens.ts'
import type { User } from './accounts/user-directory-port.ts'

/** What sign-in needs to know, every value resolved: no defaults and no environment below this line. */
export interface AuthConfig {
  /** Empty when sign-in is switched off; tokens of existing sessions still work then. */
  readonly providers: readonly Provider[]
  /** Where the server is reached from outside, without a slash at its end; null while only this machine reaches it. */
  readonly publicUrl: string | null
  /** Such as `/api`; empty for the root. */
  readonly basePath: string
  /** `iss` of access tokens: a constant, never taken from a request (S32). */
  readonly issuer: string
  /** `aud` of access tokens. */
  readonly audience: string
  readonly accessTtlSeconds: number
  /** A session that is not refreshed for this long ends. */
  readonly idleTtlSeconds: number
  /** A session ends this long after its sign-in, however busy it is. */
  readonly sessionTtlSeconds: number
  /** How long a sign-in may take from its start to its callback; at most ten minutes (S01). */
  readonly flowTtlSeconds: number
  /** What encrypts keys at rest, the newest first; the older ones only open. */
  readonly secrets: readonly string[]
  /** Refuses callbacks without `iss` (S07). */
  readonly requireIss: boolean
  /** Origins, or paths of our own origin, that a sign-in may end at (S10). */
  readonly returnTo: readonly string[]
  readonly origins: OriginPolicy
  /** What signs and verifies access tokens. */
  readonly tokens: TokenSettings
  /** The scopes of a user's access tokens, looked up whenever one is issued; none when absent. */
  readonly scopes?: ((user: User) => readonly string[] | Promise<readonly string[]>) | undefined
  /**
   * Where browsers keep the refresh token of a sign-in by navigation: in the page (`body`), or in an HttpOnly cookie that no
   * script reads (`cookie`).
   */
  readonly refreshDelivery: 'body' | 'cookie'
  /** How often ended sessions and keys are read again from the database. */
  readonly healIntervalMs: number
}

/**
 * - `managed`: EdDSA keys in the database, made, rotated and shared by the nodes themselves
 * - `secret`: HS256, the newest secret first; every verifier can then also issue
 * - `keys`: private JWKs of the application's own, the signing one first
 * - `external`: somebody else's tokens are accepted instead of ours; there is no sign-in then
 */
export type TokenSettings =
  | { readonly kind: 'managed' }
  | { readonly kind: 'secret'; readonly secrets: readonly string[] }
  | { readonly kind: 'keys'; readonly keys: readonly JWK[] }
  | ({ readonly kind: 'external' } & ExternalTokenSettings)

/** Values that no option sets. */
export const fixedAuthConfig = { flowTtlSeconds: 600, healIntervalMs: 5_000 } as const satisfies Partial<AuthConfig>

/** What an access token names as its client (RFC 9068 §2.2): the pages and apps of this installation. */
export const accessTokenClientId = 'focus'
