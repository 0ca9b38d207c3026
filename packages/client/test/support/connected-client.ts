import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import type { FocusClientOptions, FocusNotification } from '../../src/index.ts'
import type { FocusServer } from './focus-server.ts'
import { connect, createTestClient, titlesOf } from './test-client.ts'

let users = 0

/** Creates a connected client of a new user, and records its notifications. */
export async function connectNewUser(server: FocusServer, options: FocusClientOptions = {}) {
  users += 1
  const tokens = await server.signIn(`user${users}`)
  const client = createTestClient({ url: server.url, ...options })
  await connect(client, tokens)
  const received: FocusNotification[] = []
  client.notifications.on('notification', (notification) => received.push(notification))
  const userId = tokens.user.id
  const notify = (title: string, event?: string) =>
    server.focus.notifications.notifyUser({ userId, title, message: 'M', ...(event === undefined ? {} : { event }) })
  return { client, received, userId, notify, tokens, titles: () => titlesOf(received) }
}

/** Fails each test of the file that leaves a rejection unhandled. */
export function expectNoUnhandledRejections(): void {
  const unhandled: unknown[] = []
  const note = (reason: unknown) => unhandled.push(reason)
  beforeAll(() => void process.on('unhandledRejection', note))
  afterEach(() => expect(unhandled).toEqual([]))
  afterAll(() => void process.off('unhandledRejection', note))
}
