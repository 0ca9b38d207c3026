import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TcpProxy } from '@focus-api/test-kit/cluster/tcp-proxy'
import { type Redis, startRedis } from '@focus-api/test-kit/servers/servers'
import { exchange } from '@focus-api/test-kit/servers/server-process'
import type { BrokerMessage } from '../../../src/cluster/broker-port.ts'
import type { RedisBroker } from '../../../src/cluster/redis/redis-broker.ts'
import { notifications } from '../support/messages.ts'
import { openRedisBroker, residentBytes, Warnings } from '../support/redis.ts'

let redis: Redis
let proxy: TcpProxy
let logger: Warnings
let sender: RedisBroker
let receiver: RedisBroker
let heard: BrokerMessage[]

beforeEach(async () => {
  redis = await startRedis({ own: true })
  proxy = await TcpProxy.start({ host: '127.0.0.1', port: redis.port })
  logger = new Warnings()
  sender = await openRedisBroker({ url: redis.url, node: 'n1' })
  receiver = await openRedisBroker({ url: `redis://127.0.0.1:${proxy.port}`, node: 'n2', logger })
  heard = []
  receiver.onMessage((message) => heard.push(message))
})
afterEach(async () => {
  await sender.close()
  await receiver.close()
  await proxy.close()
  await redis.stop()
})

const message = (userKey: string | null, offset: number): BrokerMessage => ({
  ...notifications(userKey, offset),
  from: 'n1',
})

/** Publishes until a message arrives: that both brokers are connected again says so of each only. */
async function arrives(userKey: string): Promise<void> {
  heard = []
  await expect
    .poll(() => {
      sender.publish(message(userKey, 1))
      return heard.length
    })
    .toBeGreaterThan(0)
}

describe('Redis that is away', () => {
  const faults: { name: string; start: () => unknown; end: () => unknown }[] = [
    { name: 'killed', start: () => redis.kill(), end: () => redis.restart() },
    { name: 'paused', start: () => redis.pause(), end: () => redis.resume() },
    { name: 'behind a network that drops everything', start: () => proxy.silence(), end: () => proxy.heal() },
    { name: 'behind a network that resets connections', start: () => proxy.cut(), end: () => proxy.heal() },
  ]

  test.each(faults)('$name: is noticed, logged once, and healed with all subscriptions', async ({ start, end }) => {
    const users = Array.from({ length: 2_500 }, (_, index) => `user-${index}`)
    await Promise.all(users.map((userKey) => receiver.subscribe(userKey)))
    const changes: boolean[] = []
    // The hub reads the log at this moment: what is published from now on must arrive.
    receiver.onConnectionChange((connected) => {
      changes.push(connected)
      if (connected) subscribed = countSubscribers(redis.port, ['user-0', 'user-1', 'user-2499', 'late'])
    })
    let subscribed: Promise<number[]> | undefined
    const started = performance.now()
    await start()
    await expect.poll(() => receiver.connected, { interval: 20 }).toBe(false)
    expect(performance.now() - started).toBeLessThan(5_000)
    // Neither waits nor throws while Redis is away.
    await receiver.subscribe('late')
    await receiver.unsubscribe('user-1')
    sender.publish(message('user-0', 1))
    await end()
    await expect.poll(() => receiver.connected && sender.connected, { timeout: 10_000 }).toBe(true)
    expect(await subscribed).toEqual([1, 0, 1, 1])
    await arrives('user-0')
    expect(changes).toEqual([false, true])
    expect(logger.lines).toHaveLength(2)
    expect(logger.lines.join('\n')).toMatch(/^Redis is away; .*\nRedis is back after \d+\.\d s;/)
  })

  test('that goes away again and again is logged once, and asked at growing intervals', async () => {
    let losses = 0
    receiver.onConnectionChange((connected) => {
      if (!connected) losses += 1
      else setImmediate(() => proxy.cut())
      if (!connected) proxy.heal()
    })
    proxy.cut()
    proxy.heal()
    await expect.poll(() => losses, { timeout: 10_000 }).toBe(4)
    expect(logger.lines).toHaveLength(2)
  })

  test('takes no memory for messages that cannot be sent', async () => {
    redis.pause()
    const text = 'x'.repeat(10_000)
    const large = {
      ...message('1', 1),
      events: [{ ...notifications('1', 1).events[0], message: text }],
    } as BrokerMessage
    // 2 GB before the pause is noticed and afterwards; 16 MB may wait until then.
    const before = residentBytes()
    for (let count = 0; count < 200_000; count += 1) {
      sender.publish(large)
      if (count % 500 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(sender.connected).toBe(false)
    expect(residentBytes() - before).toBeLessThan(250 * 1024 * 1024)
    redis.resume()
    await expect.poll(() => sender.connected, { timeout: 10_000 }).toBe(true)
  })
})

test('a notification reaches only the nodes that hold the user, once each', async () => {
  const third = await openRedisBroker({ url: redis.url, node: 'n3' })
  const elsewhere: BrokerMessage[] = []
  third.onMessage((one) => elsewhere.push(one))
  await receiver.subscribe('1')
  await third.subscribe('2')
  for (let offset = 1; offset <= 100; offset += 1) sender.publish(message('1', offset))
  sender.publish(message(null, 1))
  const offsets = () =>
    heard.flatMap((one) => ('events' in one && one.userKey === '1' ? one.events.map((e) => e.offset) : []))
  await expect.poll(offsets).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
  await expect.poll(() => elsewhere.map((one) => 'userKey' in one && one.userKey)).toEqual([null])
  await third.close()
})

test('10,000 users are subscribed by few commands', async () => {
  const users = Array.from({ length: 10_000 }, (_, index) => `user-${index}`)
  const before = await commandCalls(redis.port, 'subscribe')
  await Promise.all(users.map((userKey) => receiver.subscribe(userKey)))
  expect((await commandCalls(redis.port, 'subscribe')) - before).toBe(10)
  expect(await countSubscribers(redis.port, ['user-9999'])).toEqual([1])
  await Promise.all(users.map((userKey) => receiver.unsubscribe(userKey)))
  expect(await countSubscribers(redis.port, ['user-9999'])).toEqual([0])
})

test('changes of one turn that undo each other leave the last one', async () => {
  const changes = [
    receiver.subscribe('1'),
    receiver.unsubscribe('1'),
    receiver.subscribe('2'),
    receiver.unsubscribe('2'),
  ]
  changes.push(receiver.subscribe('1'))
  await Promise.all(changes)
  expect(await countSubscribers(redis.port, ['1', '2'])).toEqual([1, 0])
})

test('what others publish on the channels does no harm', async () => {
  await receiver.subscribe('1')
  for (const payload of ['', 'x', 'n9|', 'n9|{}', 'n9|[1]', `n9|${'['.repeat(100_000)}`]) {
    await exchange(redis.port, `*3\r\n$7\r\nPUBLISH\r\n$14\r\nfocus:test:u:1\r\n$${payload.length}\r\n${payload}\r\n`)
  }
  await arrives('1')
  expect(heard.every(({ from }) => from === 'n1')).toBe(true)
})

async function countSubscribers(port: number, users: readonly string[]): Promise<number[]> {
  const channels = users.map((userKey) => `focus:test:u:${userKey}`).join(' ')
  const answer = await exchange(port, `PUBSUB NUMSUB ${channels}\r\n`)
  return [...answer.matchAll(/^:(\d+)/gm)].map(([, count]) => Number(count))
}

async function commandCalls(port: number, command: string): Promise<number> {
  const answer = await exchange(port, 'INFO commandstats\r\n')
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(answer)?.[1] ?? 0)
}
