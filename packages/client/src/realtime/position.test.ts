import { expect, test } from 'vitest'
import type { ConnectionMessage, NotificationMessage } from '../protocol.ts'
import { PositionTracker } from './position.ts'

const timestamp = '2024-10-30T10:30:00.000Z'

const connection = (fields: Partial<ConnectionMessage> = {}): ConnectionMessage => ({
  type: 'connection',
  message: 'Connexion etablie avec succes',
  timestamp,
  stream: { epoch: 'e1', offset: 10, oldest: 1 },
  all: { epoch: 'e1', offset: 3 },
  resume: { requested: false, recovered: false },
  ...fields,
})

const event = (offset: number, fields: Partial<NotificationMessage> = {}): NotificationMessage => ({
  type: 'notification',
  notification_type: 'info',
  title: 'T',
  message: 'M',
  timestamp,
  id: `id-${offset}`,
  epoch: 'e1',
  offset,
  ...fields,
})

const resumed = { requested: true, recovered: true }

test('starts at the heads of the streams', () => {
  const tracker = new PositionTracker()
  expect(tracker.query()).toEqual({})
  expect(tracker.connected(connection())).toBe(false)
  expect(tracker.query()).toEqual({ epoch: 'e1', offset: '10', all_offset: '3' })
})

test('accepts every event once', () => {
  const tracker = new PositionTracker()
  tracker.connected(connection())
  expect([11, 12, 12, 11, 13].map((offset) => tracker.accept(event(offset)))).toEqual([true, true, false, false, true])
  expect(tracker.query()).toEqual({ epoch: 'e1', offset: '13', all_offset: '3', last_id: 'id-13' })
})

test('tracks broadcasts separately', () => {
  const tracker = new PositionTracker()
  tracker.connected(connection())
  expect(tracker.accept(event(4, { stream: 'all' }))).toBe(true)
  expect(tracker.accept(event(4, { stream: 'all' }))).toBe(false)
  expect(tracker.accept(event(11))).toBe(true)
  expect(tracker.current).toEqual({ epoch: 'e1', offset: 11, allOffset: 4, lastId: 'id-11' })
})

test('a resumed connection does not skip events that are on their way', () => {
  const tracker = new PositionTracker({ epoch: 'e1', offset: 5, allOffset: 3, lastId: 'id-5' })
  expect(tracker.connected(connection({ resume: resumed }))).toBe(false)
  expect(tracker.accept(event(5))).toBe(false)
  expect(tracker.accept(event(6))).toBe(true)
})

test('a heartbeat skips filtered events and clears the last id', () => {
  const tracker = new PositionTracker()
  tracker.connected(connection())
  tracker.accept(event(11))
  tracker.heartbeat({ type: 'heartbeat', timestamp, epoch: 'e1', offset: 20, all: { epoch: 'e1', offset: 4 } })
  expect(tracker.query()).toEqual({ epoch: 'e1', offset: '20', all_offset: '4' })
  tracker.heartbeat({ type: 'heartbeat', timestamp, epoch: 'e1', offset: 15, all: { epoch: 'e1', offset: 2 } })
  expect(tracker.current).toMatchObject({ offset: 20, allOffset: 4 })
})

test('a gap skips missing events, and later events are new', () => {
  const tracker = new PositionTracker({ epoch: 'e1', offset: 5, allOffset: 3, lastId: null })
  const lost = tracker.connected(connection({ resume: { requested: true, recovered: false, reason: 'retention' } }))
  expect(lost).toBe(true)
  tracker.gap({ type: 'gap', from: 6, to: 8, reason: 'retention' })
  expect(tracker.accept(event(8))).toBe(false)
  expect(tracker.accept(event(9))).toBe(true)
  tracker.gap({ type: 'gap', from: 4, to: 6, reason: 'retention', stream: 'all' })
  expect(tracker.current).toMatchObject({ offset: 9, allOffset: 6 })
})

test('another epoch starts a new position', () => {
  const tracker = new PositionTracker({ epoch: 'e0', offset: 500, allOffset: 90, lastId: 'x' })
  const lost = tracker.connected(connection({ resume: { requested: true, recovered: false, reason: 'epoch_changed' } }))
  expect(lost).toBe(true)
  expect(tracker.current).toEqual({ epoch: 'e1', offset: 10, allOffset: 3, lastId: null })
  expect(tracker.accept(event(11))).toBe(true)
})

test('a head below the position means a restored log: later events are new', () => {
  const tracker = new PositionTracker({ epoch: 'e1', offset: 50, allOffset: 3, lastId: 'id-50' })
  tracker.connected(connection({ resume: { requested: true, recovered: false, reason: 'position_lost' } }))
  expect(tracker.current).toEqual({ epoch: 'e1', offset: 10, allOffset: 3, lastId: null })
  expect(tracker.accept(event(11))).toBe(true)
})

test('messages without offsets are always new, and have no position', () => {
  const tracker = new PositionTracker()
  const { stream: _stream, all: _all, resume: _resume, ...guide } = connection()
  expect(tracker.connected(guide)).toBe(false)
  const { id: _id, epoch: _epoch, offset: _offset, ...message } = event(1)
  expect(tracker.accept(message)).toBe(true)
  expect(tracker.accept(message)).toBe(true)
  expect(tracker.query()).toEqual({})
})
