import { expect, test } from 'vitest'
import { GreetingWriter } from './greeting.ts'
import { serverMessages } from './messages.ts'

const writer = new GreetingWriter(
  { locale: 'fr', heartbeatIntervalMs: 30_000 },
  { maxMessageBytes: 16_384, actionsPerMinute: 120 },
)
const arrival = {
  now: 1_764_000_000_123,
  connectionId: 'node.1a',
  userId: 123,
  authExpiresAt: 1_764_003_600_000,
  stream: { epoch: 'k3f9', offset: 1_287, oldest: 801 },
  all: { epoch: 'k3f9', offset: 7 },
  requested: false,
  reason: undefined,
  unreadCount: 4,
  stateRev: 31,
  ref: undefined,
}

function read(changes: Partial<Parameters<GreetingWriter['write']>[0]> = {}): Record<string, unknown> {
  const message: unknown = JSON.parse(writer.write({ ...arrival, ...changes }))
  return serverMessages.connection.strict().parse(message)
}

test('a greeting has the fields of the contract, in its order', () => {
  expect(Object.keys(read({ ref: 7 }))).toEqual(Object.keys(serverMessages.connection.shape))
  expect(read()).toEqual({
    type: 'connection',
    message: 'Connexion etablie avec succes',
    timestamp: '2025-11-24T16:00:00.123Z',
    protocol: 1,
    connection_id: 'node.1a',
    user_id: 123,
    heartbeat_interval: 30,
    auth_expires_at: '2025-11-24T17:00:00.000Z',
    stream: { epoch: 'k3f9', offset: 1_287, oldest: 801 },
    all: { epoch: 'k3f9', offset: 7 },
    resume: { requested: false, recovered: false },
    unread_count: 4,
    state_rev: 31,
    limits: { max_message_bytes: 16_384, actions_per_minute: 120 },
  })
})

test('a greeting says whether the client was resumed, and why not', () => {
  expect(read({ requested: true })['resume']).toEqual({ requested: true, recovered: true })
  expect(read({ requested: true, reason: 'too_far' })['resume']).toEqual({
    requested: true,
    recovered: false,
    reason: 'too_far',
  })
  expect(read({ reason: 'too_far' })['resume']).toEqual({ requested: false, recovered: false })
})

test('a greeting escapes ids, names and refs', () => {
  const strange = 'a"b\\c\n\u2028d\ud800'
  expect(read({ userId: strange, connectionId: strange, ref: strange })).toMatchObject({
    user_id: strange,
    connection_id: strange,
    ref: strange,
  })
})
