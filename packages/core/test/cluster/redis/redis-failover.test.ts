import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startRedisCluster, startRedisSentinels } from '@focus-api/test-kit/servers/servers'
import type { ServerProcess } from '@focus-api/test-kit/servers/server-process'
import type { BrokerMessage } from '../../../src/cluster/broker-port.ts'
import type { RedisBroker } from '../../../src/cluster/redis/redis-broker.ts'
import { notifications } from '../support/messages.ts'
import { openRedisBroker, Warnings } from '../support/redis.ts'

interface Engine {
  readonly url: string
  /** The server that the test kills or pauses. */
  readonly victim: ServerProcess
  /** Checks of the address, before anything fails. */
  checkAddress(): Promise<void>
  stop(): Promise<void>
}

const engines: { name: string; start: () => Promise<Engine> }[] = [
  {
    name: 'Sentinels promote the replica',
    async start() {
      const servers = await startRedisSentinels()
      const { url } = servers
      return {
        url,
        victim: servers.master,
        async checkAddress() {
          const wrong = url.replace('/focus', '/fokus')
          await expect(openRedisBroker({ url: wrong })).rejects.toMatchObject({
            code: 'invalid_option',
            message: expect.stringMatching(/^REDIS_URL: The Sentinel at \S+ does not know a master named "fokus"\.$/),
          })
          // Sentinels that are away are no obstacle while one answers.
          const [sentinel] = servers.sentinels
          const partly = await openRedisBroker({
            url: `redis+sentinel://127.0.0.1:1,127.0.0.1:${sentinel?.port}/focus`,
          })
          expect(partly.connected).toBe(true)
          await partly.close()
        },
        stop: () => servers.stop(),
      }
    },
  },
  {
    name: 'a Cluster loses one of three masters',
    async start() {
      const servers = await startRedisCluster()
      const [first, second] = servers.masters as [ServerProcess, ServerProcess]
      return {
        url: servers.url,
        victim: first,
        async checkAddress() {
          // The plain address of one node.
          const plain = await openRedisBroker({ url: `redis://127.0.0.1:${second.port}`, node: 'n3' })
          const heard: unknown[] = []
          plain.onMessage((message) => heard.push(message))
          await Promise.all(['a', 'b', 'c', 'd'].map((userKey) => plain.subscribe(userKey)))
          const sender = await openRedisBroker({ url: servers.url, node: 'n4' })
          for (const userKey of ['a', 'b', 'c', 'd']) sender.publish({ ...notifications(userKey, 1), from: 'n4' })
          await expect.poll(() => heard).toHaveLength(4)
          await plain.close()
          await sender.close()
        },
        stop: () => servers.stop(),
      }
    },
  },
]

describe.each(engines)('$name', ({ start }) => {
  // In a Cluster they are on all masters.
  const users = Array.from({ length: 300 }, (_, index) => `user-${index}`)
  const logger = new Warnings()
  const changes: boolean[] = []
  const heard: BrokerMessage[] = []
  let engine: Engine
  let sender: RedisBroker
  let receiver: RedisBroker
  beforeAll(async () => {
    engine = await start()
    sender = await openRedisBroker({ url: engine.url, node: 'n1' })
    receiver = await openRedisBroker({ url: engine.url, node: 'n2', logger })
    receiver.onMessage((message) => heard.push(message))
    receiver.onConnectionChange((connected) => changes.push(connected))
    await Promise.all(users.map((userKey) => receiver.subscribe(userKey)))
  })
  afterAll(async () => {
    await sender.close()
    await receiver.close()
    await engine.stop()
  })

  /** Publishes one message for each user and waits for all of them. */
  async function everyoneHears(offset: number): Promise<void> {
    heard.length = 0
    for (const userKey of users) sender.publish({ ...notifications(userKey, offset), from: 'n1' })
    const reached = () => new Set(heard.map((message) => 'userKey' in message && message.userKey)).size
    await expect.poll(reached).toBe(users.length)
  }

  test('the address finds the servers', () => engine.checkAddress())

  test('messages flow again after the failover, to all subscribed users', async () => {
    await everyoneHears(1)
    await engine.victim.kill()
    await expect.poll(() => receiver.connected || sender.connected).toBe(false)
    await receiver.subscribe('late')
    await expect.poll(() => receiver.connected && sender.connected, { timeout: 25_000 }).toBe(true)
    users.push('late')
    await everyoneHears(2)
    expect(changes).toEqual([false, true])
    expect(logger.lines).toEqual([expect.stringMatching(/^Redis is away/), expect.stringMatching(/^Redis is back/)])
  })

  test('the old master that comes back as a replica disturbs nothing', async () => {
    await engine.victim.restart()
    await everyoneHears(3)
    expect(changes).toEqual([false, true])
  })
})
