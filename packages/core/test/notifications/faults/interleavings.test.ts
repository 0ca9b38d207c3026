import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newYear2030 } from '@focus-api/test-kit/values/times'
import { manualClock, type ManualClock } from '@focus-api/core/testing'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import type { NotificationEvent, Receipt } from '../../../src/notifications/ports.ts'
import { type Node, startNode } from '../support/node.ts'

/** `FOCUS_PROPERTY_RUNS` sets the number of runs; an ordinary run of the tests uses the default below. */
const numRuns = Number(process.env.FOCUS_PROPERTY_RUNS ?? 12)
const windowMs = 10_000
const rateLimit = 2

type Step =
  | {
      readonly kind: 'send'
      readonly user: number
      readonly policy: 'none' | 'dedupe' | 'group' | 'rate' | 'rate-group'
    }
  | { readonly kind: 'broadcast' }
  | { readonly kind: 'read'; readonly user: number; readonly which: 'all' | 'first' | 'own' }
  | { readonly kind: 'delete'; readonly user: number }

const user = fc.integer({ min: 1, max: 3 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      user,
      policy: fc.constantFrom('none', 'dedupe', 'group', 'rate', 'rate-group'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('broadcast' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('read' as const), user, which: fc.constantFrom('all', 'first', 'own') }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), user }) },
)
/** Rounds of concurrent steps on both nodes, and the time that passes after each round. */
const rounds = fc.array(
  fc.record({
    steps: fc.array(fc.tuple(step, fc.integer({ min: 0, max: 1 })), { minLength: 1, maxLength: 16 }),
    pauseMs: fc.integer({ min: 0, max: windowMs }),
  }),
  { minLength: 1, maxLength: 5 },
)

interface Sent {
  readonly userKey: string
  readonly policy: string
  readonly at: number
  readonly receipt: Receipt
}

describeOverDatabases('random interleavings of two nodes', (databases) => {
  const nodes: Node[] = []
  const clock = manualClock(newYear2030)
  beforeAll(async () => {
    const url = await databases.create()
    for (let n = 0; n < 2; n += 1) {
      nodes.push(await startNode(url, { runtime: { clock }, config: { unknownUsers: 'accept' } }))
    }
  })
  afterAll(async () => {
    for (const node of nodes) await node.close()
  })

  let run = 0

  test('leave no gap, lose no accepted notification, keep every policy and the unread counts', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(rounds, async (plan) => {
        run += 1
        clock.advance(windowMs)
        const world = new World(nodes, clock, `run${run}`)
        for (const userKey of world.userKeys) await nodes[0]?.notifications.inbox(userKey)
        for (const { steps, pauseMs } of plan) {
          await Promise.all(steps.map(([todo, node]) => world.take(todo, node)))
          clock.advance(pauseMs)
        }
        world.checkOffsets()
        await world.checkLog()
        world.checkPolicies()
        await world.checkUnread()
      }),
      { numRuns },
    )
  })
})

class World {
  readonly userKeys: readonly string[]
  readonly #nodes: readonly Node[]
  readonly #clock: ManualClock
  readonly #sent: Sent[] = []
  readonly #deleted = new Set<string>()

  constructor(nodes: readonly Node[], clock: ManualClock, prefix: string) {
    this.#nodes = nodes
    this.#clock = clock
    this.userKeys = [1, 2, 3].map((n) => `${prefix}-${n}`)
    for (const node of nodes) node.events.length = 0
  }

  async take(todo: Step, at: number): Promise<void> {
    const notifications = this.#nodes[at]?.notifications
    if (!notifications) throw new Error('there are two nodes')
    if (todo.kind === 'broadcast') {
      await notifications.broadcast({ title: 'all', message: 'm' })
      return
    }
    const userKey = this.userKeys[todo.user - 1] ?? ''
    if (todo.kind === 'send') {
      const receipt = await notifications.notifyUser({
        userId: userKey,
        title: 't',
        message: 'm',
        ...policyOf(todo.policy),
      })
      this.#sent.push({ userKey, policy: todo.policy, at: this.#clock(), receipt })
      return
    }
    const { notifications: inbox } = await notifications.inbox(userKey)
    const first = inbox[0]
    if (todo.kind === 'delete') {
      if (first && (await notifications.delete(userKey, first.id))) this.#deleted.add(first.id)
    } else if (todo.which === 'all') await notifications.markRead(userKey, { all: true })
    else if (todo.which === 'own') await notifications.markRead(userKey, { upToOffset: 3 })
    else if (first) await notifications.markRead(userKey, { ids: [first.id] })
  }

  /** Checks that the published events of a stream have the offsets 1, 2, 3, …, whichever node published them. */
  checkOffsets(): void {
    for (const userKey of this.userKeys) {
      const offsets = this.#eventsOf(userKey).map((event) => event.offset)
      expect(offsets.toSorted((a, b) => a - b)).toEqual(offsets.map((_, index) => index + 1))
    }
    for (const { events } of this.#nodes) {
      for (const stream of Map.groupBy(events, (event) => event.userKey).values()) {
        const offsets = stream.map((event) => event.offset)
        expect(offsets).toEqual(offsets.toSorted((a, b) => a - b))
      }
    }
  }

  async checkLog(): Promise<void> {
    for (const userKey of this.userKeys) {
      const rows = (await this.#nodes[0]?.log.read(userKey, 0, Number.MAX_SAFE_INTEGER, 10_000)) ?? []
      const accepted = this.#sent
        .filter((sent) => sent.userKey === userKey)
        .flatMap(({ receipt }) => ('offset' in receipt ? [receipt.id] : []))
      const kept = new Set(accepted.filter((id) => !this.#deleted.has(id)))
      expect(new Set(rows.map((row) => row.id))).toEqual(kept)
      // Each row is the newest event of its notification.
      for (const row of rows) {
        const newest = this.#eventsOf(userKey)
          .filter((event) => event.id === row.id)
          .toSorted((a, b) => b.offset - a.offset)[0]
        expect(row).toEqual(newest)
      }
    }
  }

  checkPolicies(): void {
    for (const userKey of this.userKeys) {
      const accepted = (policy: string) =>
        this.#sent
          .filter((sent) => sent.userKey === userKey && sent.policy === policy && sent.receipt.outcome === 'created')
          .map((sent) => sent.at)
      expect(mostWithin(windowMs, accepted('dedupe'))).toBeLessThanOrEqual(1)
      expect(mostWithin(windowMs, accepted('rate'))).toBeLessThanOrEqual(rateLimit)
      expect(mostWithin(windowMs, accepted('rate-group'))).toBeLessThanOrEqual(rateLimit)
    }
  }

  async checkUnread(): Promise<void> {
    for (const userKey of this.userKeys) {
      const { notifications, unreadCount } = await this.#inbox(userKey, false)
      expect(unreadCount).toBe(notifications.filter((item) => item.readAt === null).length)
      const unread = await this.#inbox(userKey, true)
      expect(unread.notifications.map((item) => item.id)).toEqual(
        notifications.filter((item) => item.readAt === null).map((item) => item.id),
      )
      const head = await this.#nodes[0]?.notifications.feed.head(userKey)
      expect(head?.unreadCount).toBe(unreadCount)
    }
  }

  /** Reads the whole inbox, page by page. */
  async #inbox(userKey: string, unread: boolean) {
    const service = this.#nodes[1]?.notifications
    if (!service) throw new Error('there are two nodes')
    let page = await service.inbox(userKey, { unread, limit: 7 })
    const notifications = [...page.notifications]
    while (page.nextBefore !== null) {
      page = await service.inbox(userKey, { unread, limit: 7, before: page.nextBefore })
      notifications.push(...page.notifications)
    }
    return { notifications, unreadCount: page.unreadCount }
  }

  #eventsOf(userKey: string): NotificationEvent[] {
    return this.#nodes.flatMap((node) => node.events.filter((event) => event.userKey === userKey))
  }
}

function policyOf(policy: string) {
  const rate = { key: policy, limit: rateLimit, window: windowMs }
  switch (policy) {
    case 'dedupe':
      return { dedupe: { key: 'd', window: windowMs } }
    case 'group':
      return { group: { key: 'g', window: windowMs } }
    case 'rate':
      return { rate }
    case 'rate-group':
      return { rate: { ...rate, overflow: 'group' as const } }
    default:
      return {}
  }
}

/** Returns the largest number of times within any window that ends at one of them. */
function mostWithin(window: number, moments: readonly number[]): number {
  return Math.max(0, ...moments.map((end) => moments.filter((at) => at > end - window && at <= end).length))
}
