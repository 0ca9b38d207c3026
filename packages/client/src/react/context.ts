import { createContext, useContext } from 'react'
import type { FocusClient } from '../client.ts'
import type { FocusClientError } from '../errors.ts'

export interface FocusContextValue {
  readonly client: FocusClient
  /** Whether `completeSignIn()` has finished. */
  readonly isReady: boolean
  /** Error of `completeSignIn()`. */
  readonly signInError: FocusClientError | null
}

export const FocusContext = createContext<FocusContextValue | null>(null)

export function useFocusContext(): FocusContextValue {
  const value = useContext(FocusContext)
  if (!value) throw new Error('Render a <FocusProvider> around components that use Focus.')
  return value
}
