import { type ReactNode, useEffect, useMemo, useState } from 'react'
import type { FocusClient } from '../client.ts'
import { type FocusClientError, toClientError } from '../errors.ts'
import { FocusContext } from './context.ts'

/** Props of `FocusProvider`. */
export interface FocusProviderProps {
  /** Create it once, outside of components. */
  readonly client: FocusClient
  /** Whether to receive notifications while mounted. Default: true. */
  readonly connect?: boolean
  readonly children?: ReactNode
}

/** Provides a client to its children, completes a sign-in that returned to this page, and keeps the connection open. */
export function FocusProvider({ client, connect = true, children }: FocusProviderProps): ReactNode {
  const [isReady, setReady] = useState(false)
  const [signInError, setSignInError] = useState<FocusClientError | null>(null)

  useEffect(() => {
    let isMounted = true
    client
      .completeSignIn()
      .catch((error: unknown) => {
        if (isMounted) setSignInError(toClientError(error, 'sign_in_failed', 'The sign-in could not be completed.'))
      })
      .finally(() => {
        if (isMounted) setReady(true)
      })
    return () => {
      isMounted = false
    }
  }, [client])

  useEffect(() => (connect ? client.notifications.hold() : undefined), [client, connect])

  const value = useMemo(() => ({ client, isReady, signInError }), [client, isReady, signInError])
  return <FocusContext.Provider value={value}>{children}</FocusContext.Provider>
}
