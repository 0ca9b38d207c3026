import type { OriginPolicy } from '../origin-policy.ts'
import type { Provider } from './providers/provider.ts'

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
  /** How often ended sessions and keys are read again from the database. */
  readonly healIntervalMs: number
}

/** The defaults of everything that has one. */
export const authDefaults = {
  issuer: 'focus',
  audience: 'focus',
  accessTtlSeconds: 3_600,
  idleTtlSeconds: 30 * 86_400,
  sessionTtlSeconds: 180 * 86_400,
  flowTtlSeconds: 600,
  requireIss: false,
  returnTo: [],
  healIntervalMs: 5_000,
} as const satisfies Partial<AuthConfig>

/** What an access token names as its client (RFC 9068 §2.2): the pages and apps of this installation. */
export const accessTokenClientId = 'focus'
