import { createContext, useContext } from 'react'
import type { FocusClient } from '../client.ts'
import type { FocusClientError } from '../errors.ts'

export interface FocusContextValue {
  readonly client: FocusClient
  /** Whether a sign-in that came back to this page has ended, well or not. */
  readonly isReady: boolean
  /** Why it did not end well. */
  readonly signInError: FocusClientError | null
}

export const FocusContext = createContext<FocusContextValue | null>(null)

export function useFocusContext(): FocusContextValue {
  const value = useContext(FocusContext)
  if (!value) throw new Error('useFocus and useNotifications need a <FocusProvider> around them.')
  return value
}
