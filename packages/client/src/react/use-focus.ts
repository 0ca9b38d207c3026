import { useCallback, useMemo, useSyncExternalStore } from 'react'
import type { FocusClient, SignOutOptions } from '../client.ts'
import type { FocusClientError } from '../errors.ts'
import type { SignInOptions } from '../session/redirect-sign-in.ts'
import type { FocusUser } from '../user.ts'
import { useFocusContext } from './context.ts'

/** The result of `useFocus`. */
export interface UseFocus {
  readonly client: FocusClient
  /** Null without a signed-in user, and on the server. */
  readonly user: FocusUser | null
  readonly isSignedIn: boolean
  /** False while a sign-in that returned to this page is being completed: do not show "please sign in" yet. */
  readonly isReady: boolean
  /** Error of the sign-in that returned to this page. */
  readonly signInError: FocusClientError | null
  readonly signIn: (provider: string, options?: SignInOptions) => Promise<void>
  readonly signOut: (options?: SignOutOptions) => Promise<void>
}

/** Returns the signed-in user, and functions to sign in and out. Requires a `<FocusProvider>`. */
export function useFocus(): UseFocus {
  const { client, isReady, signInError } = useFocusContext()
  const subscribe = useCallback((changed: () => void) => client.onAuthChange(changed), [client])
  const user = useSyncExternalStore(
    subscribe,
    () => client.user,
    () => null,
  )
  const isSignedIn = useSyncExternalStore(
    subscribe,
    () => client.isSignedIn,
    () => false,
  )
  const actions = useMemo<Pick<UseFocus, 'signIn' | 'signOut'>>(
    () => ({
      signIn: (provider, options) => client.signIn(provider, options),
      signOut: (options) => client.signOut(options),
    }),
    [client],
  )
  return { client, user, isSignedIn, isReady, signInError, ...actions }
}
