import type { Focus } from '../../../core/src/focus.ts'

/** Signs Alice in as Google would have it, without Google. */
export async function signInAlice({ auth }: Focus) {
  const { user } = await auth.accounts.signIn({
    provider: 'google',
    issuer: 'https://accounts.google.com',
    subject: '1',
    email: 'alice@example.com',
    emailVerified: true,
    fullName: 'Alice',
    givenName: 'Alice',
    avatarUrl: null,
    preferredUsername: 'alice',
    locale: 'fr',
  })
  return auth.sessions.start(user, 'google')
}
