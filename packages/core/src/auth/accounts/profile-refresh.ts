import { asciiLowerCase } from '../../common/text/ascii-lower-case.ts'
import type { ExternalProfile, User } from './user-directory-port.ts'

/**
 * Returns the values of a user after a sign-in. The primary account replaces values; every other account only fills empty ones
 * (A7).
 */
export function refreshedProfile(user: User, profile: ExternalProfile, primary: boolean): ExternalProfile {
  const choose = (said: string | null, kept: string | null) => (primary ? (said ?? kept) : (kept ?? said))
  return {
    ...profile,
    ...refreshedEmail(user, profile, primary),
    fullName: choose(profile.fullName, user.fullName),
    avatarUrl: choose(profile.avatarUrl, user.avatarUrl),
    locale: choose(profile.locale, user.locale),
  }
}

function refreshedEmail(user: User, said: ExternalProfile, primary: boolean): Pick<User, 'email' | 'emailVerified'> {
  if (said.email === null) return { email: user.email, emailVerified: user.emailVerified }
  if (user.email !== null && asciiLowerCase(user.email) === said.email) {
    return { email: user.email, emailVerified: user.emailVerified || said.emailVerified }
  }
  // A verified address is not replaced by an unverified one.
  const replaces = user.email === null || (primary && (said.emailVerified || !user.emailVerified))
  const { email, emailVerified } = replaces ? said : user
  return { email, emailVerified }
}
