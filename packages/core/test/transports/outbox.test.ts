import { afterEach, describe, expect, test } from 'vitest'
import { newYear2030 } from '@focus-api/test-kit/values/times'
import { manualClock } from '@focus-api/core/testing'
import { PermanentDeliveryError, RetryableDeliveryError } from '../../src/transports/transport-errors.ts'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { type BenchOptions, openBench, type OutboxBench, recorder } from './support/bench.ts'

describeOverDatabases('the outbox', (databases) => {
  const opened: OutboxBench[] = []
  let made: Promise<string> | undefined
  /** One database for all tests: making and migrating one costs more than any of them. */
  const database = () => (made ??= databases.create())
  afterEach(async () => {
    await opened[0]?.clear()
    for (const bench of opened.splice(0)) await bench.close()
  })

  async function open(options: Omit<BenchOptions, 'url'> & { url?: string }): Promise<OutboxBench> {
    const bench = await openBench({ ...options, url: options.url ?? (await database()) })
    opened.push(bench)
    return bench
  }

  test('delivers one row per event and transport, and is empty afterwards', async () => {
    const a = recorder('a')
    const b = recorder('b')
    const { outbound, commit } = await open({ transports: [a.transport, b.transport] })
    await commit({ title: 'Hello' }, { transport: 'a' }, { transport: 'b' })
    expect(await outbound.runDue()).toBe(2)
    expect(a.received[0]).toMatchObject({ attempt: 1, message: { title: 'Hello', user: { id: 1 } } })
    expect(b.received).toHaveLength(1)
    expect((await outbound.deliveries.list()).deliveries).toEqual([])
  })

  test('uses id:offset as idempotency key at every attempt', async () => {
    const a = recorder('a', ({ attempt }) => {
      if (attempt < 3) throw new Error('not yet')
    })
    const { outbound, commit, clock } = await open({ transports: [a.transport] })
    await commit({ id: '01890000-0000-7000-8000-00000000abcd', offset: 7 }, { transport: 'a' })
    for (let round = 0; round < 3; round += 1) {
      await outbound.runDue()
      clock.advance(3_600_000)
    }
    expect(a.received.map(({ key, attempt }) => [key, attempt])).toEqual([
      ['01890000-0000-7000-8000-00000000abcd:7', 1],
      ['01890000-0000-7000-8000-00000000abcd:7', 2],
      ['01890000-0000-7000-8000-00000000abcd:7', 3],
    ])
  })

  test('waits exponentially longer between attempts', async () => {
    const a = recorder('a', () => {
      throw new Error('down')
    })
    const { outbound, commit, clock } = await open({ transports: [a.transport], chance: 1 })
    await commit({}, { transport: 'a' })
    for (const waitMs of [1_000, 2_000, 4_000, 8_000]) {
      await outbound.runDue()
      const { dueAt } = (await outbound.deliveries.list()).deliveries[0] ?? {}
      expect(dueAt).toBe(clock() + waitMs)
      clock.advance(waitMs - 1)
      expect(await outbound.runDue()).toBe(0)
      clock.advance(1)
    }
  })

  test('honours Retry-After, and pauses the whole transport where the peer is busy', async () => {
    const a = recorder(
      'a',
      ({ attempt }) => {
        if (attempt === 1) throw new RetryableDeliveryError('busy', { retryAfterMs: 30_000, pause: true })
      },
      { concurrency: 1 },
    )
    const { outbound, commit, clock } = await open({ transports: [a.transport], chance: 0 })
    await commit({}, { transport: 'a' })
    await commit({}, { transport: 'a' })
    await outbound.runDue()
    clock.advance(29_999)
    await outbound.runDue()
    expect(a.received).toHaveLength(1)
    clock.advance(1_002)
    await outbound.runDue()
    // The other message was never tried against the busy peer: it begins with its first attempt only now.
    expect(a.received.map(({ attempt }) => attempt).toSorted((one, other) => one - other)).toEqual([1, 1, 2])
  })

  test('keeps a refused delivery as dead with its reason, and lets an operator retry it', async () => {
    let refuse = true
    const a = recorder('a', () => {
      if (refuse) throw new PermanentDeliveryError('The number was refused.')
    })
    const { outbound, commit } = await open({ transports: [a.transport] })
    await commit({}, { transport: 'a' })
    await outbound.runDue()
    const [dead] = (await outbound.deliveries.list({ state: 'dead' })).deliveries
    expect(dead).toMatchObject({ state: 'dead', lastError: 'The number was refused.', attempts: 1 })
    refuse = false
    expect(await outbound.deliveries.retry({ ids: [dead?.id ?? 0] })).toBe(1)
    await outbound.runDue()
    expect(a.received).toHaveLength(2)
    expect((await outbound.deliveries.list()).deliveries).toEqual([])
  })

  test('marks a poison message dead after its last attempt while others are delivered', async () => {
    const a = recorder(
      'a',
      ({ message }) => {
        if (message.title === 'poison') throw new Error('cannot digest')
      },
      { retry: { maxAttempts: 3 } },
    )
    const { outbound, commit, clock } = await open({ transports: [a.transport] })
    await commit({ title: 'poison' }, { transport: 'a' })
    await commit({ title: 'food' }, { transport: 'a' })
    for (let round = 0; round < 4; round += 1) {
      await outbound.runDue()
      clock.advance(60_000)
    }
    expect(a.received.filter(({ message }) => message.title === 'food')).toHaveLength(1)
    expect(a.received.filter(({ message }) => message.title === 'poison')).toHaveLength(3)
    const [dead] = (await outbound.deliveries.list()).deliveries
    expect(dead).toMatchObject({ state: 'dead', title: 'poison', lastError: 'cannot digest (attempt 3, the last)' })
  })

  test('marks a message dead that ends its process at every attempt', async () => {
    const a = recorder('a', undefined, { retry: { maxAttempts: 2 } })
    const { outbound, commit, clock, store } = await open({ transports: [a.transport] })
    await commit({}, { transport: 'a' })
    for (const owner of ['killed-1', 'killed-2']) {
      const { deliveries } = await store.lease({
        transport: 'a',
        owner,
        ordered: false,
        now: clock(),
        leaseMs: 1_000,
        limit: 10,
      })
      expect(deliveries).toHaveLength(1)
      clock.advance(1_001)
    }
    await outbound.runDue()
    expect(a.received).toEqual([])
    expect((await outbound.deliveries.list()).deliveries[0]?.lastError).toContain('process ended')
  })

  test('retries the deliveries of a killed process with the same key', async () => {
    const clock = manualClock(newYear2030)
    const a = recorder('a')
    const { outbound, commit, store } = await open({ transports: [a.transport], clock })
    await commit({ offset: 5 }, { transport: 'a' })
    await store.lease({ transport: 'a', owner: 'killed', ordered: false, now: clock(), leaseMs: 60_000, limit: 10 })
    await outbound.runDue()
    expect(a.received).toEqual([])
    clock.advance(60_000)
    await outbound.runDue()
    expect(a.received).toMatchObject([{ attempt: 2, key: expect.stringMatching(/:5$/) }])
  })

  test('does not touch a delivery that another worker leased after the lease ran out', async () => {
    const { commit, store, clock, outbound } = await open({ transports: [recorder('a').transport] })
    await commit({}, { transport: 'a' })
    const request = { transport: 'a', ordered: false, leaseMs: 1_000, limit: 10 }
    const { deliveries } = await store.lease({ ...request, owner: 'slow', now: clock() })
    clock.advance(1_000)
    expect((await store.lease({ ...request, owner: 'quick', now: clock() })).deliveries).toHaveLength(1)
    await store.complete(
      'slow',
      deliveries.map(({ id }) => id),
    )
    expect((await outbound.deliveries.list()).deliveries[0]?.state).toBe('leased')
  })

  test('delivers with the other transports while one is down for an hour', async () => {
    let down = true
    const broken = recorder('broken', () => {
      if (down) throw new Error('connect ECONNREFUSED')
    })
    const fine = recorder('fine')
    const { outbound, commit, clock } = await open({ transports: [broken.transport, fine.transport] })
    for (let minute = 0; minute < 60; minute += 5) {
      await commit({}, { transport: 'broken' }, { transport: 'fine' })
      await outbound.runDue()
      clock.advance(5 * 60_000)
    }
    expect(fine.received).toHaveLength(12)
    down = false
    for (let round = 0; round < 3; round += 1) {
      clock.advance(3_600_000)
      await outbound.runDue()
    }
    const arrived = new Set(broken.received.map(({ key }) => key))
    expect(arrived.size).toBe(12)
    expect((await outbound.deliveries.list()).deliveries).toEqual([])
  })

  test('shares the work between two workers without a second delivery', async () => {
    const url = await database()
    const clock = manualClock(newYear2030)
    const yielding = () => new Promise<void>((resolve) => setImmediate(resolve))
    const one = recorder('a', yielding)
    const two = recorder('a', yielding)
    const first = await open({ url, clock, transports: [one.transport] })
    const second = await open({ url, clock, transports: [two.transport] })
    for (let count = 0; count < 10; count += 1) {
      await Promise.all(Array.from({ length: 20 }, () => first.commit({}, { transport: 'a' })))
    }
    await Promise.all([first.outbound.runDue(), second.outbound.runDue()])
    const keys = [...one.received, ...two.received].map(({ key }) => key)
    expect(keys).toHaveLength(200)
    expect(new Set(keys).size).toBe(200)
  })

  test('keeps the order per user at an ordered transport', async () => {
    const url = await database()
    const clock = manualClock(newYear2030)
    const arrived: string[] = []
    let failures = 0
    const make = () =>
      recorder(
        'a',
        async ({ message }) => {
          await new Promise<void>((resolve) => setImmediate(resolve))
          if (message.title === '2:3' && (failures += 1) <= 2) throw new Error('once more')
          arrived.push(message.title)
        },
        { ordered: true },
      )
    const benches = [
      await open({ url, clock, transports: [make().transport] }),
      await open({ url, clock, transports: [make().transport] }),
    ]
    for (let turn = 1; turn <= 20; turn += 1) {
      for (const user of ['1', '2', '3']) {
        await benches[0]?.commit({ userKey: user, title: `${user}:${turn}` }, { transport: 'a', ordered: true })
      }
    }
    for (let round = 0; round < 12; round += 1) {
      await Promise.all(benches.map(({ outbound }) => outbound.runDue()))
      clock.advance(10_000)
    }
    for (const user of ['1', '2', '3']) {
      const order = arrived.filter((title) => title.startsWith(`${user}:`))
      expect(order).toEqual(Array.from({ length: 20 }, (_, index) => `${user}:${index + 1}`))
    }
  })

  test('delivers no message of a user before an earlier one that waits', async () => {
    const { transport, received } = recorder('a', undefined, { ordered: true })
    const { outbound, commit, clock, store } = await open({ transports: [transport] })
    const request = { transport: 'a', ordered: true, leaseMs: 60_000 }
    for (const title of ['1', '2', '3']) await commit({ title }, { transport: 'a', ordered: true })
    // Another worker holds the first, so that the second is held back; then the first is given back.
    const first = await store.lease({ ...request, owner: 'other', now: clock(), limit: 1 })
    const held = await store.lease({ ...request, owner: 'third', now: clock(), limit: 1 })
    expect([first.deliveries.length, held.deliveries.length, held.blocked]).toEqual([1, 0, true])
    await store.release(
      'other',
      clock(),
      first.deliveries.map(({ id }) => id),
    )
    await outbound.runDue()
    expect(received.map(({ message }) => message.title)).toEqual(['1'])
    clock.advance(1_000)
    await outbound.runDue()
    expect(received.map(({ message }) => message.title)).toEqual(['1', '2', '3'])
  })

  test('continues with a user once the blocking message is dead', async () => {
    const a = recorder(
      'a',
      ({ message }) => {
        if (message.title === 'first') throw new PermanentDeliveryError('no')
      },
      { ordered: true },
    )
    const { outbound, commit, clock } = await open({ transports: [a.transport] })
    await commit({ title: 'first' }, { transport: 'a', ordered: true })
    await commit({ title: 'second' }, { transport: 'a', ordered: true })
    await outbound.runDue()
    clock.advance(1_000)
    await outbound.runDue()
    expect(a.received.map(({ message }) => message.title)).toEqual(['first', 'second'])
  })

  test('delivers at once and keeps the length of waits when the clock goes back an hour', async () => {
    const a = recorder('a', ({ attempt, message }) => {
      if (attempt === 1 && message.title === 'later')
        throw new RetryableDeliveryError('busy', { retryAfterMs: 120_000 })
    })
    const { outbound, commit, clock } = await open({ transports: [a.transport], chance: 0 })
    await outbound.upkeep()
    await commit({ title: 'later' }, { transport: 'a' })
    await outbound.runDue()
    await commit({ title: 'now' }, { transport: 'a' })
    clock.advance(-3_600_000)
    await outbound.runDue()
    expect(a.received.map(({ message }) => message.title)).toEqual(['later', 'now'])
    await outbound.upkeep()
    clock.advance(121_000)
    await outbound.runDue()
    expect(a.received.map(({ message }) => message.title)).toEqual(['later', 'now', 'later'])
  })

  test('keeps to its rate', async () => {
    const a = recorder('a', undefined, { rate: { count: 2, perMs: 1_000 } })
    const { outbound, commit, clock } = await open({ transports: [a.transport] })
    for (let count = 0; count < 6; count += 1) await commit({}, { transport: 'a' })
    const after: number[] = []
    for (let round = 0; round < 3; round += 1) {
      await outbound.runDue()
      after.push(a.received.length)
      clock.advance(1_000)
    }
    expect(after).toEqual([2, 4, 6])
  })

  test('switches a transport off when its peer is gone, on every node, until an operator switches it on', async () => {
    const url = await database()
    let gone = true
    const make = () =>
      recorder('a', () => {
        if (gone) throw new PermanentDeliveryError('410 Gone', { disable: true })
      })
    const here = make()
    const first = await open({ url, transports: [here.transport] })
    const second = await open({ url, transports: [make().transport] })
    await first.commit({}, { transport: 'a' })
    await first.outbound.runDue()
    await first.commit({}, { transport: 'a' })
    await first.outbound.runDue()
    expect(here.received).toHaveLength(1)
    await second.outbound.refresh()
    expect(await second.outbound.router.route({ userKey: '1', event: null })).toMatchObject({ deliveries: [] })
    expect((await second.outbound.deliveries.transports())[0]).toMatchObject({
      disabledReason: '410 Gone',
      dead: 1,
      waiting: 1,
    })
    gone = false
    await first.outbound.deliveries.enable('a')
    await first.outbound.deliveries.retry({})
    await first.outbound.runDue()
    expect(here.received).toHaveLength(3)
  })

  test('purges dead deliveries, and after 30 days automatically', async () => {
    const a = recorder('a', () => {
      throw new PermanentDeliveryError('no')
    })
    const { outbound, commit, clock } = await open({ transports: [a.transport] })
    await commit({}, { transport: 'a' })
    await outbound.runDue()
    await outbound.upkeep()
    expect((await outbound.deliveries.list()).deliveries).toHaveLength(1)
    clock.advance(30 * 86_400_000 + 1)
    await commit({}, { transport: 'a' })
    await outbound.runDue()
    await outbound.upkeep()
    expect((await outbound.deliveries.list()).deliveries).toHaveLength(1)
    expect(await outbound.deliveries.purge({})).toBe(1)
  })

  test('releases unstarted deliveries when it closes, and aborts attempts that hang', async () => {
    const url = await database()
    let aborted = false
    const hanging = recorder(
      'a',
      async (_, { signal }) => {
        await new Promise<void>((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted = true
            reject(signal.reason as Error)
          })
        })
      },
      { concurrency: 1 },
    )
    const first = await openBench({ url, transports: [hanging.transport] })
    for (let count = 0; count < 3; count += 1) await first.commit({}, { transport: 'a' })
    first.outbound.wake()
    first.outbound.start()
    await expect.poll(() => hanging.received.length).toBe(1)
    await first.close()
    expect(aborted).toBe(true)
    const a = recorder('a')
    const second = await open({ url, transports: [a.transport] })
    await second.outbound.runDue()
    expect(a.received.map(({ attempt }) => attempt)).toEqual([1, 1, 1])
  })
})

describe('an attempt', () => {
  test('ends at its time-out even when the transport ignores its signal', async () => {
    const deaf = recorder('a', () => new Promise<void>(() => undefined), { timeoutMs: 20 })
    const bench = await openBench({ url: 'sqlite::memory:', transports: [deaf.transport] })
    await bench.commit({}, { transport: 'a' })
    await bench.outbound.runDue()
    expect((await bench.outbound.deliveries.list()).deliveries[0]).toMatchObject({
      state: 'waiting',
      lastError: 'No answer within 20 ms.',
    })
    await bench.close()
  })
})
