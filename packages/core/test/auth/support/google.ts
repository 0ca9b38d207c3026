import { type GoogleOptions, google } from '../../../src/auth/providers/google.ts'
import type { Provider } from '../../../src/auth/providers/provider.ts'
import type { TestIssuer } from './issuer.ts'

/** `google()` with a test's issuer in Google's place. */
export function googleAt(issuer: TestIssuer, options: Partial<GoogleOptions> = {}): Provider {
  return google({ issuer: issuer.url, clientId: issuer.clientId, clientSecret: issuer.clientSecret, ...options })
}
