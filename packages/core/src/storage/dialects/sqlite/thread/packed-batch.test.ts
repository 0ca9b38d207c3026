import { expect, test } from 'vitest'
import type { LogEntry } from '../../../../notifications/log-entry-port.ts'
import type { CommitOutcome } from '../../../log/commit/batch-planner.ts'
import { packEntries, packResult, unpackEntries, unpackResult } from './packed-batch.ts'

const plain: LogEntry = {
  id: 'id',
  userKey: 'u',
  type: 'info',
  title: 't',
  message: 'm',
  event: null,
  data: '{}',
  createdAt: 1,
  expiresAt: null,
  deliverAt: null,
  policies: null,
  deliveries: [],
  routing: null,
  source: null,
}
const policies = { dedupe: { key: 'k', windowMs: 1 }, group: null, rate: null }
const delivery = { transport: 'log', ordered: false, afterMs: 0, unless: null, critical: false } as const

const entries: readonly LogEntry[] = [
  plain,
  { ...plain, id: 'broadcast', userKey: null, event: 'limits', expiresAt: 9 },
  { ...plain, id: 'muted', unlessMuted: true },
  { ...plain, id: 'not muted', unlessMuted: false },
  { ...plain, id: 'repeatable', repeatable: true },
  { ...plain, id: 'later', deliverAt: 5 },
  { ...plain, id: 'policies', policies },
  { ...plain, id: 'the same policies', policies },
  { ...plain, id: 'delivery', deliveries: [delivery] },
  { ...plain, id: 'another delivery', deliveries: [delivery, delivery] },
  { ...plain, id: 'routing', routing: { critical: true } },
  { ...plain, id: 'waiting', source: { table: 'pending', id: 'p' } },
  plain,
]

test('entries arrive as they were, through a copy between threads', () => {
  expect(unpackEntries(structuredClone(packEntries(entries)))).toEqual(entries)
})

test('entries without anything special share one kind', () => {
  const { kinds } = packEntries([plain, { ...plain, deliveries: [], id: 'b' }, { ...plain, userKey: 'c' }])
  expect(kinds).toHaveLength(1)
})

test('outcomes arrive as they were, in their order', () => {
  const row = { ...plain, user_key: 'u', offset: 7, count: 2, group_key: null, created_at: 1, expires_at: null }
  const outcomes: readonly CommitOutcome[] = [
    { outcome: 'created', offset: 1 },
    { outcome: 'merged', row },
    { outcome: 'created', offset: 2 },
    { outcome: 'suppressed', reason: 'duplicate' },
    { outcome: 'gone' },
    { outcome: 'deferred', dueAt: 3 },
  ]
  const result = { outcomes, overgrown: ['u'] }
  expect(unpackResult(structuredClone(packResult(result)))).toEqual(result)
})
