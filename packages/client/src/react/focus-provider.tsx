import { type ReactNode, useEffect, useMemo, useState } from 'react'
import type { FocusClient } from '../client.ts'
import { FocusClientError } from '../errors.ts'
import { FocusContext } from './context.ts'

/** Props of `FocusProvider`. */
export interface FocusProviderProps {
  /** Made once, outside of components. */
  readonly client: FocusClient
  /** Whether to receive notifications while mounted; true when absent. */
  readonly connect?: boolean
  readonly children?: ReactNode
}

/** Gives a client to the components below, ends a sign-in that came back to this page, and keeps the connection up. */
export function FocusProvider({ client, connect = true, children }: FocusProviderProps): ReactNode {
  const [isReady, setReady] = useState(false)
  const [signInError, setSignInError] = useState<FocusClientError | null>(null)

  useEffect(() => {
    let isMounted = true
    client
      .completeSignIn()
      .catch((error: unknown) => (isMounted ? setSignInError(toClientError(error)) : undefined))
      .finally(() => (isMounted ? setReady(true) : undefined))
    return () => {
      isMounted = false
    }
  }, [client])

  useEffect(() => (connect ? client.notifications.hold() : undefined), [client, connect])

  const value = useMemo(() => ({ client, isReady, signInError }), [client, isReady, signInError])
  return <FocusContext.Provider value={value}>{children}</FocusContext.Provider>
}

function toClientError(error: unknown): FocusClientError {
  return error instanceof FocusClientError
    ? error
    : new FocusClientError('sign_in_failed', 'The sign-in could not be completed.', { cause: error })
}
