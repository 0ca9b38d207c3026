import { createFocus, type Focus } from '@focus-api/core'
import { profileOf } from '@focus-api/test-kit/focus/profile'

/** Creates a Focus with one signed-in user. */
export async function focusWithUser(): Promise<{ readonly focus: Focus; readonly headers: Record<string, string> }> {
  const focus = await createFocus({ database: 'sqlite::memory:', env: {} })
  const { user } = await focus.auth.accounts.signIn(
    profileOf('alice', {
      provider: 'bench',
      email: 'alice@example.com',
      emailVerified: true,
      fullName: 'Alice',
      givenName: 'Alice',
      preferredUsername: 'alice',
    }),
  )
  const { accessToken } = await focus.auth.sessions.start(user, 'bench')
  return { focus, headers: { authorization: `Bearer ${accessToken}` } }
}
