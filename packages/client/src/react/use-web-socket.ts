import { useEffect, useState } from 'react'
import { createFocusClient, type FocusClientOptions } from '../client.ts'
import type { NotificationMessage } from '../protocol.ts'

/** Options of `useWebSocket`. */
export interface UseWebSocketOptions extends Pick<FocusClientOptions, 'url' | 'socketAuth'> {
  /** Topics to receive. Default: `activities`, `challenges` and `limits`. Pass the same array at every render. */
  readonly events?: readonly string[]
}

/** The result of `useWebSocket`. */
export interface UseWebSocket {
  /** Messages of the server, oldest first. */
  readonly notifications: readonly NotificationMessage[]
  readonly isConnected: boolean
  /** The current socket; null while there is none. */
  readonly ws: WebSocket | null
}

const guideEvents: readonly string[] = ['activities', 'challenges', 'limits']
const disconnected = { isConnected: false, ws: null }

/**
 * The hook of the guide, with the same three results. It reconnects by itself, and delivers each notification once. It
 * requires no provider. For an inbox and the read state, use `useNotifications()`.
 *
 * @param token access token; there is no connection without one
 */
export function useWebSocket(token: string | null | undefined, options: UseWebSocketOptions = {}): UseWebSocket {
  const { events = guideEvents, socketAuth = 'message' } = options
  const url = options.url?.toString()
  const [notifications, setNotifications] = useState<readonly NotificationMessage[]>([])
  const [connection, setConnection] = useState<Pick<UseWebSocket, 'isConnected' | 'ws'>>(disconnected)

  useEffect(() => {
    if (!token) return undefined
    const client = createFocusClient({ token, events, socketAuth, ...(url === undefined ? {} : { url }) })
    const { notifications: source } = client
    source.on('message', (message) => {
      if (message.type === 'notification') setNotifications((earlier) => [...earlier, message])
    })
    source.on('state', ({ status }) => setConnection({ isConnected: status === 'open', ws: source.socket }))
    const release = source.hold()
    return () => {
      release()
      setConnection(disconnected)
    }
  }, [token, url, events, socketAuth])

  return { notifications, ...connection }
}
