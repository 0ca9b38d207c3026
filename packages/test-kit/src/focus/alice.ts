import type { Focus } from '../../../core/src/focus.ts'
import { googleProfileOf } from './profile.ts'

/** Signs in Alice with a Google profile, without Google. */
export async function signInAlice({ auth }: Focus) {
  const { user } = await auth.accounts.signIn(
    googleProfileOf('alice', { subject: '1', fullName: 'Alice', givenName: 'Alice', locale: 'fr' }),
  )
  return auth.sessions.start(user, 'google')
}
