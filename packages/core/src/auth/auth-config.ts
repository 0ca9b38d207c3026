import type { JWK } from 'jose'
import type { OriginPolicy } from '../net/origin-policy.ts'
import type { Provider } from './providers/provider.ts'
import type { ExternalTokenSettings } from './tokens/external-tokens.ts'
import type { User } from './accounts/user-directory-port.ts'

/** The configuration of the auth room, with every value resolved: the room reads no defaults and no environment. */
export interface AuthConfig {
  /** Empty when sign-in is switched off; tokens of existing sessions remain valid. */
  readonly providers: readonly Provider[]
  /** Public address of the server, without a trailing slash; null while only this machine reaches it. */
  readonly publicUrl: string | null
  /** Path such as `/api`; empty for the root. */
  readonly basePath: string
  /** `iss` of access tokens: a constant, never taken from a request (S32). */
  readonly issuer: string
  /** `aud` of access tokens. */
  readonly audience: string
  readonly accessTtlSeconds: number
  /** A session ends after this time without a refresh. */
  readonly idleTtlSeconds: number
  /** A session ends this long after its sign-in, even if it is used. */
  readonly sessionTtlSeconds: number
  /** Longest time from the start of a sign-in to its callback; at most ten minutes (S01). */
  readonly flowTtlSeconds: number
  /** Secrets that encrypt keys at rest, the newest first; the older ones only decrypt. */
  readonly secrets: readonly string[]
  /** Refuses callbacks without `iss` (S07). */
  readonly requireIss: boolean
  /** Origins, or paths of our own origin, where a sign-in may end (S10). */
  readonly returnTo: readonly string[]
  readonly origins: OriginPolicy
  /** How access tokens are signed and verified. */
  readonly tokens: TokenSettings
  /** Returns the scopes of a user's access token, called for each token; none when absent. */
  readonly scopes?: ((user: User) => readonly string[] | Promise<readonly string[]>) | undefined
  /**
   * How browsers receive the refresh token of a sign-in by navigation: in the response `body`, or in an HttpOnly `cookie` that
   * no script can read.
   */
  readonly refreshDelivery: 'body' | 'cookie'
  /** Interval at which ended sessions are read from the database. */
  readonly healIntervalMs: number
}

/**
 * - `managed`: EdDSA keys in the database, which the nodes create, rotate and share
 * - `secret`: HS256, the newest secret first; every verifier can also issue tokens
 * - `keys`: private JWKs of the application, the signing key first
 * - `external`: tokens of another issuer instead of our own; there is no sign-in
 */
export type TokenSettings =
  | { readonly kind: 'managed' }
  | { readonly kind: 'secret'; readonly secrets: readonly string[] }
  | { readonly kind: 'keys'; readonly keys: readonly JWK[] }
  | ({ readonly kind: 'external' } & ExternalTokenSettings)

/** Values that no option sets. */
export const fixedAuthConfig = { flowTtlSeconds: 600, healIntervalMs: 5_000 } as const satisfies Partial<AuthConfig>

/** `client_id` of access tokens (RFC 9068 §2.2): all pages and apps of this installation. */
export const accessTokenClientId = 'focus'
