import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { FocusNotification } from '../../src/index.ts'
import { type FocusServer, startFocusServer } from '../support/focus-server.ts'
import { type Middlebox, startMiddlebox } from '../support/middlebox.ts'
import { createTestClient, showList } from '../support/test-client.ts'

const steps = 60
/** Set `FOCUS_FUZZ_SEEDS=200`, for example, to search for a failure. */
const seeds = Array.from({ length: Number(process.env['FOCUS_FUZZ_SEEDS'] ?? 6) }, (_, index) => index + 1)

let server: FocusServer
let box: Middlebox

beforeAll(async () => {
  // The client detects missed events at the next heartbeat.
  server = await startFocusServer({ websocket: { heartbeatIntervalSeconds: 1, limits: { healIntervalMs: 200 } } })
  box = await startMiddlebox(server.url)
})
afterAll(async () => {
  await box.stop()
  await server.stop()
})

/** Returns a generator of numbers from 0 to 1, repeatable with the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const summary = ({
  id,
  title,
  count,
  readAt,
}: Pick<FocusNotification, 'id' | 'title' | 'count'> & { readAt: unknown }) =>
  `${id} ${title} ×${count} ${readAt === null ? 'unread' : 'read'}`

test.each(seeds)(
  'R5 R6 R12: after random actions, the list equals the inbox (seed %i)',
  async (seed) => {
    const random = randomOf(seed)
    const pick = <Item>(items: readonly Item[]): Item | undefined => items[Math.floor(random() * items.length)]
    const tokens = await server.signIn(`fuzz ${seed}`)
    const userId = tokens.user.id
    const client = createTestClient({ url: box.url })
    client.adoptSession(tokens)
    const { notifications } = client
    const { list } = notifications
    const inbox = () => server.focus.notifications.inbox(userId, { limit: 500 })
    const anyId = async () => pick((await inbox()).notifications)?.id
    const log: string[] = []

    const held = new Set<() => void>()
    let holds = false
    let fails = false
    const release = () => {
      for (const go of held) go()
      held.clear()
    }
    box.hold = () => (holds ? new Promise((go) => held.add(go)) : null)
    box.interfere = (line) =>
      fails && line.includes('/notifications') && !line.includes('/ws/') ? { status: 503 } : null
    onTestFinished(release)

    const notify = (more: object) =>
      server.focus.notifications.notifyUser({ userId, title: `n${log.length}`, message: 'M', ...more })
    const group = () => ({ key: `g${Math.floor(random() * 3)}`, title: '{count} together' })
    const actions: Record<string, () => unknown> = {
      notify: () => notify({}),
      'notify again': () => notify({}),
      merge: () => notify({ group: group() }),
      'merge again': () => notify({ group: group() }),
      expiring: () => notify({ expiresAt: new Date(Date.now() + 20 + random() * 400) }),
      broadcast: () => server.focus.notifications.broadcast({ title: `b${log.length}`, message: 'M' }),
      'expiring broadcast': () =>
        server.focus.notifications.broadcast({
          title: `e${log.length}`,
          message: 'M',
          expiresAt: new Date(Date.now() + 20 + random() * 400),
        }),
      'read on the server': async () => {
        const id = await anyId()
        if (id !== undefined) await server.focus.notifications.markRead(userId, { ids: [id] })
      },
      'delete on the server': async () => {
        const id = await anyId()
        if (id !== undefined) await server.focus.notifications.delete(userId, id)
      },
      'read all on the server': () =>
        random() < 0.3 ? server.focus.notifications.markRead(userId, { all: true }) : undefined,
      read: () => void notifications.markRead(pick(list.snapshot.items)?.id ?? []).catch(() => undefined),
      remove: () => void notifications.remove(pick(list.snapshot.items)?.id ?? 'none').catch(() => undefined),
      reload: () => void list.reload(),
      'load more': () => void list.loadMore(),
      hold: () => (holds = true),
      release: () => {
        holds = false
        release()
      },
      cut: () => box.cutSockets(),
      disconnect: () => notifications.disconnect(),
      connect: () => notifications.connect(),
      retry: () => notifications.retry(),
      fail: () => (fails = true),
      serve: () => (fails = false),
      turn: () => new Promise((resolve) => setTimeout(resolve, random() * 30)),
    }
    showList(list)
    onTestFinished(notifications.on('unread', () => undefined))
    notifications.connect()
    for (let step = 0; step < steps; step += 1) {
      const name = pick(Object.keys(actions)) ?? ''
      log.push(name)
      await actions[name]?.()
    }
    fails = false
    holds = false
    release()
    notifications.connect()
    notifications.retry()

    await expect
      .poll(
        async () => {
          const truth = await inbox()
          const { items, hasMore } = list.snapshot
          const wanted = truth.notifications.slice(0, items.length || 1)
          const isSame =
            JSON.stringify(items.map(summary)) === JSON.stringify(wanted.map(summary)) &&
            hasMore === items.length < truth.notifications.length &&
            notifications.unreadCount === truth.unreadCount
          return (
            isSame || {
              list: items.map(summary),
              inbox: wanted.map(summary),
              unread: notifications.unreadCount,
              truth: truth.unreadCount,
              log: log.join(', '),
            }
          )
        },
        { timeout: 20_000, interval: 100 },
      )
      .toBe(true)
  },
  60_000,
)
