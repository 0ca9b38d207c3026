import { createFocus, type Focus } from '@focus-api/core'

/** Creates a Focus with one signed-in user. */
export async function focusWithUser(): Promise<{ readonly focus: Focus; readonly headers: Record<string, string> }> {
  const focus = await createFocus({ database: 'sqlite::memory:', env: {} })
  const { user } = await focus.auth.accounts.signIn({
    provider: 'bench',
    issuer: 'https://issuer.example',
    subject: 'alice',
    email: 'alice@example.com',
    emailVerified: true,
    fullName: 'Alice',
    givenName: 'Alice',
    avatarUrl: null,
    preferredUsername: 'alice',
    locale: null,
  })
  const { accessToken } = await focus.auth.sessions.start(user, 'bench')
  return { focus, headers: { authorization: `Bearer ${accessToken}` } }
}
