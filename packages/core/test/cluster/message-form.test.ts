import { EventEmitter } from 'node:events'
import { describe, expect, test, vi } from 'vitest'
import { LocalFirstBroker } from '../../src/cluster/local-first-broker.ts'
import { isBrokerMessage } from '../../src/cluster/message-form.ts'
import { Questions } from '../../src/cluster/nodes/questions.ts'
import { EmitterBroker } from './support/emitter-broker.ts'
import { event, notifications } from './support/messages.ts'

const from = 'n1'
const end = { userKey: '1', sessionId: null, reason: 'revoked' }
const state = { userKey: '1', ids: ['a'], state: 'read', unreadCount: 1, stateRev: 2, offset: 3, allOffset: 1 }

test.each([
  { ...notifications('1', 1, 2), from },
  { ...notifications(null, 1), from },
  { kind: 'state', userKey: '1', event: state, from },
  { kind: 'session_end', end, from },
  { kind: 'user_changed', userKey: '1', from },
  { kind: 'keys_changed', from },
  { kind: 'nodes_changed', from },
  { kind: 'question', to: null, ref: 'q', question: { ask: 'connections', userKey: null, limit: 9 }, from },
  { kind: 'answer', to: 'n2', ref: 'q', answer: { ask: 'close', closed: true }, part: 0, last: true, from },
  { kind: 'spent', spendings: [['api', '192.0.2.1', 3]], from },
  { kind: 'keys_changed', from, added: 'by a later version' },
])('understands $kind', (message) => {
  expect(isBrokerMessage(message)).toBe(true)
  expect(isBrokerMessage(JSON.parse(JSON.stringify(message)))).toBe(true)
})

const malformed: unknown[] = [
  null,
  7,
  [],
  {},
  { kind: 'keys_changed' },
  { kind: 'keys_changed', from: { toString: 1 } },
  { kind: 'keys_changed', from: 'x'.repeat(81) },
  { kind: 'a later one', from },
  { kind: 'question', from, to: null, ref: '1' },
  { kind: 'question', from, to: null, ref: '1', question: { ask: 'secrets' } },
  {
    kind: 'answer',
    from,
    to: 'n2',
    ref: '1',
    answer: { ask: 'connections', connections: [{}], total: 1 },
    part: 0,
    last: true,
  },
  { kind: 'spent', from, spendings: [['api', 3]] },
  { kind: 'session_end', from, end: null },
  { kind: 'session_end', from, end: { ...end, userKey: 1 } },
  { kind: 'state', from, userKey: '1', event: { ...state, ids: 'all' } },
  { kind: 'notifications', from, userKey: '1', events: {} },
  { kind: 'notifications', from, userKey: '1', events: [null] },
  { kind: 'notifications', from, userKey: '2', events: [event('1', 1)] },
  { kind: 'notifications', from, userKey: '1', events: [{ ...event('1', 1), offset: '1' }] },
  { kind: 'notifications', from, userKey: '1', events: [{ ...event('1', 1), timestamp: 9e15 }] },
  { kind: 'notifications', from, userKey: '1', events: [{ ...event('1', 1), data: [] }] },
]

describe('a malformed message', () => {
  test.each(malformed)('is not understood: %j', (message) => {
    expect(isBrokerMessage(message)).toBe(false)
  })

  test('is dropped alone, and ends no node', async () => {
    const bus = new EventEmitter()
    const broker = new LocalFirstBroker('n2', new EmitterBroker(bus))
    const answer = vi.fn(() => {
      throw new Error('no connections can be listed')
    })
    const questions = new Questions(broker, answer)
    const heard: string[] = []
    await broker.subscribe('1')
    broker.onStreamMessage(({ kind }) => heard.push(kind))
    broker.onControlMessage(({ kind }) => heard.push(kind))
    const rejections = vi.fn()
    process.on('unhandledRejection', rejections)
    for (const message of malformed) bus.emit('message', JSON.stringify(message))
    bus.emit('message', JSON.stringify({ ...notifications('1', 1), from }))
    // The listing of this node's connections fails.
    const question = { ask: 'connections', userKey: null, limit: 9 }
    bus.emit('message', JSON.stringify({ kind: 'question', to: 'n2', ref: 'q', question, from }))
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', rejections)
    questions.close()
    expect(heard).toEqual(['notifications', 'question'])
    expect(answer).toHaveBeenCalledOnce()
    expect(rejections).not.toHaveBeenCalled()
  })
})
