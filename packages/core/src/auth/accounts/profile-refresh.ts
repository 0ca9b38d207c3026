import { asciiLowerCase } from '../../common/text/ascii-lower-case.ts'
import type { ExternalProfile, User } from './user-directory-port.ts'

/**
 * What a user is to look like after a sign-in: the profile, with the user's own values where it has no say. The primary
 * account replaces what it says; every other account fills what is empty (A7).
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
  // An address that is proven is not given up for one that is not.
  const replaces = user.email === null || (primary && (said.emailVerified || !user.emailVerified))
  const { email, emailVerified } = replaces ? said : user
  return { email, emailVerified }
}
