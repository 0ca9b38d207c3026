import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Redis, startRedis } from '@focus-api/test-kit/servers/servers'
import type { BrokerMessage } from '../../../src/cluster/broker-port.ts'
import { Payloads } from '../../../src/cluster/redis/payload.ts'
import { parseRedisUrl } from '../../../src/cluster/redis/redis-address.ts'
import { loadRedis } from '../../../src/cluster/redis/redis-client.ts'
import { notifications } from '../support/messages.ts'
import { openRedisBroker, Warnings } from '../support/redis.ts'

let redis: Redis
beforeAll(async () => {
  redis = await startRedis({ own: true })
})
afterAll(() => redis.stop())

const [older, newer] = ['the older secret, which is long enough', 'the newer secret, which is long enough']

async function open(node: string, secrets: readonly string[], logger = new Warnings()) {
  const broker = await openRedisBroker({ url: redis.url, node, secrets, logger })
  onTestFinished(() => broker.close())
  const heard: BrokerMessage[] = []
  broker.onMessage((message) => heard.push(message))
  return { broker, heard, logger }
}

const keysChanged = (from: string): BrokerMessage => ({ kind: 'keys_changed', from })

test('a payload that no node signed is dropped and counted, with one warning', async () => {
  const receiver = await open('n1', [older])
  const sender = await open('n2', [older])
  const connection = await (await loadRedis())(
    { host: '127.0.0.1', port: redis.port },
    parseRedisUrl(redis.url),
    () => undefined,
  )
  onTestFinished(() => connection.destroy())
  const signed = new Payloads('n2', 'test', [older]).encode([JSON.stringify(keysChanged('n2'))])
  const forged = [
    'n2|[{"kind":"keys_changed","from":"n2"}]',
    'n2||[{"kind":"keys_changed","from":"n2"}]',
    signed.replace('keys', 'keyz'),
    signed.replace('n2', 'n3'),
    new Payloads('n2', 'other', [older]).encode([JSON.stringify(keysChanged('n2'))]),
    'rubbish',
  ]
  for (const payload of forged) await connection.sendCommand(['PUBLISH', 'focus:test:all', payload])
  // Signed by a node, but in the name of another one.
  const impostor = new Payloads('n2', 'test', [older]).encode([JSON.stringify(keysChanged('n3'))])
  await connection.sendCommand(['PUBLISH', 'focus:test:all', impostor])
  sender.broker.publish({ ...notifications(null, 1), from: 'n2' })
  await expect.poll(() => receiver.heard.map(({ kind }) => kind)).toEqual(['notifications'])
  expect(receiver.broker.refused).toBe(forged.length)
  expect(receiver.logger.lines).toHaveLength(1)
})

test('nodes hear each other while secrets are replaced, one node after another', async () => {
  const nodes = await Promise.all(
    [[older], [newer, older], [newer]].map((secrets, index) => open(`m${index}`, secrets)),
  )
  const pairs = [
    [0, 1],
    [1, 0],
    [1, 2],
    [2, 1],
  ] as const
  for (const [from, to] of pairs) {
    nodes[from]?.broker.publish(keysChanged(`m${from}`))
    await expect.poll(() => nodes[to]?.heard.some((message) => message.from === `m${from}`)).toBe(true)
  }
  expect(nodes[2]?.heard.some(({ from }) => from === 'm0')).toBe(false)
})

test('messages that were published before the broker is closed arrive', async () => {
  const receiver = await open('c1', [older])
  const { broker } = await open('c2', [older])
  broker.publish(keysChanged('c2'))
  await broker.close()
  await expect.poll(() => receiver.heard).toEqual([keysChanged('c2')])
})
