import type { ExternalProfile } from '../../../src/auth/accounts/user-directory-port.ts'

/** A profile with a subject and the given claims only. */
export function profileOf(subject: string, claims: Partial<ExternalProfile> = {}): ExternalProfile {
  return {
    provider: 'test',
    issuer: 'https://issuer.example',
    subject,
    email: null,
    emailVerified: false,
    fullName: null,
    givenName: null,
    avatarUrl: null,
    preferredUsername: null,
    locale: null,
    ...claims,
  }
}
