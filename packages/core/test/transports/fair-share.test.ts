import { afterEach, expect, test } from 'vitest'
import { RetryableDeliveryError } from '../../src/transports/transport-errors.ts'
import type { Transport } from '../../src/transports/transport.ts'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { type OutboxBench, openBench, recorder } from './support/bench.ts'

/** Each user has a different address. */
const personal: Partial<Transport> = { addresses: (user) => [user.key] }

describeOverDatabases('the slots of a transport', (databases) => {
  const opened: OutboxBench[] = []
  let made: Promise<string> | undefined
  afterEach(async () => {
    await opened[0]?.clear()
    for (const bench of opened.splice(0)) await bench.close()
  })

  async function open(...transports: Transport[]): Promise<OutboxBench> {
    const bench = await openBench({ url: await (made ??= databases.create()), transports, chance: 0 })
    opened.push(bench)
    return bench
  }

  /** A peer that hangs for some users until it is released. */
  function hanging(users: readonly string[], settings: Partial<Transport> = {}) {
    const released = Promise.withResolvers<void>()
    const peer = recorder(
      'a',
      async ({ message }, { signal }) => {
        if (!users.includes(message.user?.key ?? '')) return
        const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
        await Promise.race([released.promise, aborted])
      },
      { ...personal, timeoutMs: 60_000, ...settings },
    )
    const of = (user: string) => peer.received.filter(({ message }) => message.user?.key === user).length
    return { ...peer, of, release: released.resolve }
  }

  test('S40 R3: a user with 1,000 hanging deliveries takes a quarter of the slots, and others still arrive', async () => {
    const peer = hanging(['1'], { concurrency: 8 })
    const { outbound, commit } = await open(peer.transport)
    await Promise.all(Array.from({ length: 1_000 }, () => commit({ userKey: '1' }, { transport: 'a' })))
    outbound.start()
    await expect.poll(() => peer.of('1')).toBe(2)
    for (const userKey of ['2', '3', '4', '2', '3', '4']) await commit({ userKey }, { transport: 'a' })
    outbound.wake()
    // None of the first user's ends before these have arrived.
    await expect.poll(() => [peer.of('2'), peer.of('3'), peer.of('4')]).toEqual([2, 2, 2])
    expect(peer.of('1')).toBe(2)
    peer.release()
    await expect.poll(() => peer.of('1')).toBeGreaterThan(100)
  })

  test('S40 R3: users whose addresses fail have half of the slots together', async () => {
    const troubled = ['1', '2', '3', '4', '5', '6', '7', '8']
    let failing = true
    const peer = hanging(troubled, { concurrency: 8 })
    const { outbound, commit, clock } = await open({
      ...peer.transport,
      deliver: async (message, attempt) => {
        if (failing) throw new RetryableDeliveryError('down')
        await peer.transport.deliver(message, attempt)
      },
    })
    for (const userKey of troubled) await commit({ userKey }, { transport: 'a' })
    await outbound.runDue()
    failing = false
    clock.advance(60_000)
    for (const userKey of [...troubled, ...troubled]) await commit({ userKey }, { transport: 'a' })
    outbound.start()
    await expect.poll(() => peer.received.length).toBe(4)
    await commit({ userKey: '9' }, { transport: 'a' })
    outbound.wake()
    await expect.poll(() => peer.of('9')).toBe(1)
    expect(peer.received).toHaveLength(5)
    peer.release()
    await expect.poll(async () => (await outbound.deliveries.list()).deliveries).toEqual([])
  })

  test('S40 R3: users take turns at a transport with one slot', async () => {
    const order: Array<string | undefined> = []
    const peer = recorder('a', ({ message }) => void order.push(message.user?.key), { concurrency: 1 })
    const { outbound, commit } = await open(peer.transport)
    for (let count = 0; count < 500; count += 1) await commit({ userKey: '1' }, { transport: 'a' })
    await commit({ userKey: '2' }, { transport: 'a' })
    await outbound.runDue()
    expect(order.indexOf('2')).toBeLessThan(10)
    expect(order.filter((user) => user === '1')).toHaveLength(500)
  })

  test('S40 R3: users take turns at a transport with a rate', async () => {
    const order: Array<string | undefined> = []
    const rate = { count: 1, perMs: 1_000 }
    const peer = recorder('a', ({ message }) => void order.push(message.user?.key), { concurrency: 1, rate })
    const { outbound, commit, clock } = await open(peer.transport)
    for (let count = 0; count < 200; count += 1) await commit({ userKey: '1' }, { transport: 'a' })
    await commit({ userKey: '2' }, { transport: 'a' })
    for (let second = 0; second < 10; second += 1) {
      await outbound.runDue()
      clock.advance(1_000)
    }
    expect(order).toHaveLength(10)
    expect(order).toContain('2')
  })

  test('S40 R3: of twenty users with long backlogs each has a turn before any has a second one', async () => {
    const order: Array<string | undefined> = []
    const peer = recorder('a', ({ message }) => void order.push(message.user?.key), { concurrency: 1 })
    const { outbound, commit } = await open(peer.transport)
    const users = Array.from({ length: 20 }, (_, index) => `${index + 1}`)
    for (const userKey of users) {
      await Promise.all(Array.from({ length: 40 }, () => commit({ userKey }, { transport: 'a' })))
    }
    await outbound.runDue()
    expect(order).toHaveLength(800)
    // A turn is four deliveries.
    for (const user of users) expect(order.indexOf(user)).toBeLessThan(20 * 4)
  })

  test('the deliveries of one user keep their order', async () => {
    const titles: string[] = []
    const peer = recorder('a', ({ message }) => void titles.push(message.title), { concurrency: 1 })
    const { outbound, commit } = await open(peer.transport)
    const wanted = Array.from({ length: 100 }, (_, index) => `n${index}`)
    for (const title of wanted) await commit({ title }, { transport: 'a' })
    await outbound.runDue()
    expect(titles).toEqual(wanted)
  })
})
