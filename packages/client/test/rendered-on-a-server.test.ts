import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, test } from 'vitest'
import { createFocusClient } from '../src/index.ts'
import { FocusProvider, NotificationCenter, useFocus, useNotifications, useWebSocket } from '../src/react.ts'

function Page() {
  const { user, isSignedIn, isReady } = useFocus()
  const { notifications, unreadCount, isConnected, state } = useNotifications()
  const plain = useWebSocket('a token')
  const known = { user, isSignedIn, isReady, notifications, unreadCount, isConnected, state, plain }
  return createElement('output', null, JSON.stringify(known))
}

test('on a server there is no user, no connection and no request', () => {
  const calls: unknown[] = []
  const client = createFocusClient({
    fetch: async (input) => {
      calls.push(input)
      return new Response()
    },
  })
  client.adoptSession({ access_token: 'a token', expires_in: 3600 })
  const html = renderToString(
    createElement(FocusProvider, { client }, createElement(Page), createElement(NotificationCenter)),
  )
  const known = JSON.parse(/<output>(.*)<\/output>/.exec(html)?.[1]?.replaceAll('&quot;', '"') ?? '')
  expect(known).toEqual({
    user: null,
    isSignedIn: false,
    isReady: false,
    notifications: [],
    unreadCount: 0,
    isConnected: false,
    state: { status: 'idle' },
    plain: { notifications: [], isConnected: false, ws: null },
  })
  expect(html).toContain('aria-label="Notifications"')
  expect(calls).toEqual([])
  expect(client.notifications.state.status).toBe('idle')
})

test('hooks without a provider throw an error that names it', () => {
  expect(() => renderToString(createElement(Page))).toThrow('<FocusProvider>')
})
