import type { ExternalProfile } from '../../../core/src/auth/accounts/user-directory-port.ts'

/** Returns a profile of a test provider with a subject and the given claims only. */
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

/** Returns the profile of a Google user with a verified address at example.com. */
export function googleProfileOf(name: string, claims: Partial<ExternalProfile> = {}): ExternalProfile {
  return profileOf(name, {
    provider: 'google',
    issuer: 'https://accounts.google.com',
    email: `${name}@example.com`,
    emailVerified: true,
    fullName: name,
    givenName: name,
    preferredUsername: name,
    ...claims,
  })
}
