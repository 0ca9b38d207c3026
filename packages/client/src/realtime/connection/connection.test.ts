import { afterEach, expect, test, vi } from 'vitest'
import { Connection } from './connection.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

test('a wall clock that is set back by an hour does not delay a try', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.05)
  const noNetwork = () => Promise.reject(new Error('no network'))
  const states: string[] = []
  const connection = new Connection({
    tokens: { get: noNetwork, renew: noNetwork },
    auth: 'message',
    WebSocket: undefined,
    url: () => new URL('ws://127.0.0.1:1'),
    message: () => undefined,
    state: ({ status }) => states.push(status),
    forget: () => undefined,
  })
  connection.dispatch({ type: 'connect' })
  await expect.poll(() => states).toEqual(['connecting', 'reconnecting'])
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 })
  await vi.waitFor(() => expect(states.length).toBeGreaterThan(3))
  connection.dispatch({ type: 'disconnect' })
})
