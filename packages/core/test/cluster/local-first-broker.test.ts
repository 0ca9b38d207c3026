import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import type { ControlMessage, StreamMessage } from '../../src/cluster/broker-port.ts'
import { brokerPublisher } from '../../src/cluster/broker-publisher.ts'
import { LocalFirstBroker } from '../../src/cluster/local-first-broker.ts'
import { EmitterBroker } from './support/emitter-broker.ts'
import { event, notifications } from './support/messages.ts'

function listen(broker: LocalFirstBroker): { stream: StreamMessage[]; control: ControlMessage[] } {
  const heard = { stream: [] as StreamMessage[], control: [] as ControlMessage[] }
  broker.onStreamMessage((message) => heard.stream.push(message))
  broker.onControlMessage((message) => heard.control.push(message))
  return heard
}

test('delivers messages of subscribed users and broadcasts to this node itself, once', async () => {
  const bus = new EventEmitter()
  const broker = new LocalFirstBroker('n1', new EmitterBroker(bus))
  const { stream } = listen(broker)
  await broker.subscribe('1')
  const own = notifications('1', 1)
  const broadcast = notifications(null, 1)
  for (const message of [own, notifications('2', 1), broadcast]) broker.publish(message)
  expect(stream).toEqual([own, broadcast])
})

test('hears another process of the same name, which answers this one alone', async () => {
  const bus = new EventEmitter()
  const [one, two] = ['p1', 'p2'].map(
    (process) => new LocalFirstBroker('web', new EmitterBroker(bus), undefined, process),
  )
  const [atOne, atTwo] = [one, two].map((broker) => broker && listen(broker))
  await two?.subscribe('1')
  one?.publish(notifications('1', 1))
  one?.publish({ kind: 'keys_changed' })
  expect([atTwo?.stream.length, atTwo?.control.length]).toEqual([1, 1])
  expect(atOne?.control).toEqual([])
})

test('works alone, without a driver', async () => {
  const broker = new LocalFirstBroker('n1', null)
  const { stream, control } = listen(broker)
  expect(broker.connected).toBe(true)
  await broker.subscribe('1')
  broker.publish(notifications('1', 1))
  broker.publish({ kind: 'keys_changed' })
  expect(stream).toHaveLength(1)
  expect(control).toEqual([])
  await broker.unsubscribe('1')
  broker.publish(notifications('1', 2))
  expect(stream).toHaveLength(1)
})

test('delivers messages of other nodes, and ignores users that it is not subscribed to', async () => {
  const bus = new EventEmitter()
  const sender = new LocalFirstBroker('n1', new EmitterBroker(bus))
  const receiver = new LocalFirstBroker('n2', new EmitterBroker(bus))
  const { stream } = listen(receiver)
  await receiver.subscribe('1')
  sender.publish(notifications('1', 1))
  sender.publish(notifications('2', 1))
  expect(stream).toMatchObject([{ kind: 'notifications', userKey: '1' }])
})

test('gives control messages to other nodes only, and directed ones to their node only', () => {
  const bus = new EventEmitter()
  const nodes = ['n1', 'n2', 'n3'].map((name) => new LocalFirstBroker(name, new EmitterBroker(bus)))
  const heard = nodes.map((node) => listen(node).control.length)
  expect(heard).toEqual([0, 0, 0])
  const control = nodes.map((node) => listen(node).control)
  nodes[0]?.publish({ kind: 'session_end', end: { userKey: '1', sessionId: null, reason: 'revoked' } })
  nodes[0]?.publish({
    kind: 'question',
    to: 'n3',
    ref: 'q1',
    question: { ask: 'close', connectionId: 'n3.1' },
  })
  expect(control.map((messages) => messages.map(({ kind }) => kind))).toEqual([
    [],
    ['session_end'],
    ['session_end', 'question'],
  ])
})

test('reports a lost and a restored connection', () => {
  const driver = new EmitterBroker(new EventEmitter())
  const broker = new LocalFirstBroker('n1', driver)
  const changes: boolean[] = []
  broker.onConnectionChange((connected) => changes.push(connected))
  driver.connect(false)
  expect(broker.connected).toBe(false)
  driver.connect(true)
  expect(changes).toEqual([false, true])
})

test('publishes the events of one commit as one message per stream, in order', async () => {
  const broker = new LocalFirstBroker('n1', null)
  const { stream } = listen(broker)
  await broker.subscribe('1')
  await broker.subscribe('2')
  const events = [event('1', 1), event('2', 1), event(null, 1), event('1', 2)]
  brokerPublisher(broker).notificationsCommitted(events)
  expect(stream).toEqual([
    { kind: 'notifications', userKey: '1', events: [events[0], events[3]] },
    { kind: 'notifications', userKey: '2', events: [events[1]] },
    { kind: 'notifications', userKey: null, events: [events[2]] },
  ])
})

test('counts the messages that the driver carries: none while it is away, or no other node is there', () => {
  const driver = new EmitterBroker(new EventEmitter())
  let alone = true
  const broker = new LocalFirstBroker('n1', driver, () => alone)
  broker.publish({ kind: 'keys_changed' })
  alone = false
  driver.connect(false)
  broker.publish({ kind: 'keys_changed' })
  expect(broker.sent).toBe(0)
  driver.connect(true)
  broker.publish({ kind: 'keys_changed' })
  expect(broker.sent).toBe(1)
})
