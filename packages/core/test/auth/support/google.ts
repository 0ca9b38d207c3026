import { oidc } from '../../../src/auth/providers/oidc.ts'
import { type GoogleOptions, google } from '../../../src/auth/providers/google.ts'
import type { Provider } from '../../../src/auth/providers/provider.ts'
import type { TestIssuer } from './issuer.ts'

/** `google()` with a test's issuer in Google's place. */
export function googleAt(issuer: TestIssuer, options: Partial<GoogleOptions> = {}): Provider {
  return google({ issuer: issuer.url, clientId: issuer.clientId, clientSecret: issuer.clientSecret, ...options })
}

/** Returns the provider `company`: `oidc()` at a test's issuer. */
export function companyAt({ url, clientId, clientSecret }: TestIssuer): Provider {
  return oidc({ name: 'company', issuer: url, clientId, clientSecret })
}
