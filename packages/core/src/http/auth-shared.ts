import type { Auth } from '../auth/auth.ts'
import type { AuthConfig } from '../auth/config.ts'

export interface AuthRouteDependencies {
  readonly auth: Auth
  readonly config: AuthConfig
}

/** Headers of answers that carry a token or a state (S25); `Cache-Control: no-store` is on every answer. */
export const secrecy = { 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' }
