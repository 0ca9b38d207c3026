import { onTestFinished } from 'vitest'
import {
  createFocusClient,
  type FocusClient,
  type FocusClientOptions,
  type NotificationList,
  type TokenResponse,
} from '../../src/index.ts'

/** Creates a client with tokens in memory, and closes it after the test. */
export function createTestClient(options: FocusClientOptions): FocusClient {
  const client = createFocusClient({ storage: null, ...options })
  onTestFinished(() => client.close())
  return client
}

/** Signs a client in, and resolves when its connection is open. */
export async function connect(client: FocusClient, tokens: TokenResponse): Promise<void> {
  client.adoptSession(tokens)
  client.notifications.connect()
  await client.notifications.whenOpen()
}

/** Uses a list until the end of the test, so that it loads and follows changes. */
export function showList(list: NotificationList): void {
  onTestFinished(list.subscribe(() => undefined))
}

/** Returns the titles of notifications. */
export function titlesOf(notifications: readonly { readonly title: string }[]): string[] {
  return notifications.map(({ title }) => title)
}
