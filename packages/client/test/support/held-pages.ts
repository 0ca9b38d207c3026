import type { FocusServer } from './focus-server.ts'
import { connect, createTestClient, showList } from './test-client.ts'
import { nextEvent, untilTrue } from './wait.ts'

/** Returns a connected client. The server answers its inbox requests immediately, and the test releases the answers. */
export async function heldPages(server: FocusServer, name: string) {
  const held: (() => void)[] = []
  const client = createTestClient({
    url: server.url,
    async fetch(input, init) {
      const response = await fetch(input, init)
      const isPage = new URL(new Request(input, init).url).pathname.endsWith('/notifications')
      if (isPage) await new Promise<void>((resolve) => held.push(resolve))
      return response
    },
  })
  const tokens = await server.signIn(name)
  await connect(client, tokens)
  /** Sends a notification, and resolves when the client has it. */
  const notify = async (title: string) => {
    const arrival = nextEvent(client.notifications, 'notification')
    await server.focus.notifications.notifyUser({ userId: tokens.user.id, title, message: 'M' })
    await arrival
  }
  return { client, list: client.notifications.list, notify, held }
}

/** Returns a client whose list shows the notifications, sent in this order. The test releases later pages. */
export async function shownList(server: FocusServer, name: string, ...titles: string[]) {
  const setup = await heldPages(server, name)
  const { list, notify, held } = setup
  for (const title of titles) await notify(title)
  showList(list)
  await untilTrue(() => held.length === 1)
  held[0]?.()
  await untilTrue(() => !list.snapshot.isLoading)
  /** Requests a page, which the server answers. Returns the function that delivers the answer. */
  const staleReload = async () => {
    const before = held.length
    const done = list.reload()
    await untilTrue(() => held.length === before + 1)
    return async () => {
      held.at(before)?.()
      await done
    }
  }
  const shown = () => list.snapshot.items.map(({ title, readAt }) => (readAt === null ? title : `(${title})`))
  const id = (title: string) => list.snapshot.items.find((item) => item.title === title)?.id ?? ''
  const userId = setup.client.user?.id ?? 0
  const { notifications } = server.focus
  const inbox = {
    read: (...ids: string[]) => notifications.markRead(userId, { ids }),
    remove: (key: string) => notifications.delete(userId, key),
  }
  return { ...setup, shown, id, staleReload, userId, inbox }
}
