import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { type FocusClientError, toClientError } from '../errors.ts'
import { type ConnectionState, idleMachine } from '../realtime/connection/connection-machine.ts'
import type { FocusNotification } from '../realtime/notification.ts'
import { emptyList } from '../realtime/inbox/notification-list.ts'
import { useFocusContext } from './context.ts'

/** Options of `useNotifications`. */
export interface UseNotificationsOptions {
  /** Called once for each new notification. It may be a new function at every render. */
  readonly onNotification?: (notification: FocusNotification) => void
}

/** The result of `useNotifications`. */
export interface UseNotifications {
  /** The inbox and new notifications, newest first. */
  readonly notifications: readonly FocusNotification[]
  readonly unreadCount: number
  readonly isConnected: boolean
  readonly state: ConnectionState
  readonly hasMore: boolean
  readonly isLoading: boolean
  /** Error of the last load or change. The functions below never reject. */
  readonly error: FocusClientError | null
  readonly markRead: (ids: string | Iterable<string>) => Promise<void>
  readonly markAllRead: () => Promise<void>
  readonly remove: (id: string) => Promise<void>
  readonly loadMore: () => Promise<void>
  readonly reload: () => Promise<void>
}

/** Returns the user's notifications, and renders again when they change. Requires a `<FocusProvider>`. */
export function useNotifications({ onNotification }: UseNotificationsOptions = {}): UseNotifications {
  const { notifications } = useFocusContext().client
  const [changeError, setChangeError] = useState<FocusClientError | null>(null)

  const list = useSyncExternalStore(
    useCallback((changed: () => void) => notifications.list.subscribe(changed), [notifications]),
    () => notifications.list.snapshot,
    () => emptyList,
  )
  const state = useSyncExternalStore(
    useCallback((changed: () => void) => notifications.on('state', changed), [notifications]),
    () => notifications.state,
    () => idleMachine.public,
  )
  const unreadCount = useSyncExternalStore(
    useCallback((changed: () => void) => notifications.on('unread', changed), [notifications]),
    () => notifications.unreadCount,
    () => 0,
  )

  useEffect(
    () => (onNotification ? notifications.on('notification', onNotification) : undefined),
    [notifications, onNotification],
  )

  const actions = useMemo(() => {
    const settle = async (work: Promise<void>) => {
      try {
        await work
        setChangeError(null)
      } catch (error) {
        setChangeError(toClientError(error, 'network_error', 'The change did not reach the server.'))
      }
    }
    return {
      markRead: (ids: string | Iterable<string>) => settle(notifications.markRead(ids)),
      markAllRead: () => settle(notifications.markAllRead()),
      remove: (id: string) => settle(notifications.remove(id)),
      loadMore: () => notifications.list.loadMore(),
      reload: () => notifications.list.reload(),
    }
  }, [notifications])

  return {
    notifications: list.items,
    unreadCount,
    isConnected: state.status === 'open',
    state,
    hasMore: list.hasMore,
    isLoading: list.isLoading,
    error: list.error ?? changeError,
    ...actions,
  }
}
