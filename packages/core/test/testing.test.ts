import { afterEach, expect, test } from 'vitest'
import { createFocus, type Focus, type FocusOptions } from '../src/index.ts'
import { manualClock, recordingLogger, recordingTransport, transportConformance } from '../src/testing.ts'

const opened: Focus[] = []

afterEach(async () => {
  for (const focus of opened.splice(0)) await focus.close()
})

async function start(options: FocusOptions): Promise<Focus> {
  const unknownUsers = 'accept'
  const focus = await createFocus({ database: 'sqlite::memory:', env: {}, notifications: { unknownUsers }, ...options })
  opened.push(focus)
  return focus
}

test('a manual clock decides when a notification is due', async () => {
  const clock = manualClock()
  const { notifications } = await start({ clock })
  const deliverAt = new Date(clock() + 60_000)
  await notifications.notifyUser({ userId: 7, title: 'Later', message: 'A minute later', deliverAt })
  expect((await notifications.inbox(7)).notifications).toEqual([])
  clock.advance(60_000)
  await notifications.sequence()
  expect((await notifications.inbox(7)).notifications).toMatchObject([{ title: 'Later' }])
})

test('a manual clock refuses times that are not numbers', () => {
  expect(() => manualClock(Number.NaN)).toThrow(RangeError)
  const clock = manualClock(1_000)
  expect(() => clock.advance(Number.POSITIVE_INFINITY)).toThrow(/ms: expected a finite number/)
  clock.advance(-400)
  expect(clock()).toBe(600)
})

test('a recording transport keeps the messages of users and broadcasts, and tells when they are there', async () => {
  const sms = recordingTransport('sms')
  const { notifications } = await start({ transports: [sms] })
  const first = sms.received(1)
  await notifications.notifyUser({ userId: 7, title: 'Hello', message: 'You' })
  expect(await first).toMatchObject([{ title: 'Hello', user: { key: '7' } }])
  await notifications.broadcast({ title: 'News', message: 'We moved' })
  expect((await sms.received(2)).map(({ title, user }) => [title, user === null])).toEqual([
    ['Hello', false],
    ['News', true],
  ])
  expect(await sms.received(1)).toEqual(sms.messages)
})

test('a recording logger keeps every line with its fields', async () => {
  const logger = recordingLogger()
  await start({ logger })
  expect(logger.lines.filter(({ level }) => level === 'error')).toEqual([])
  logger.warn('Look here', { user: 7 })
  expect(logger.lines.at(-1)).toEqual({ level: 'warn', message: 'Look here', fields: { user: 7 } })
})

const recording = recordingTransport()

test.each(
  transportConformance({
    create: () => recording,
    peer: () => undefined,
    arrived: () => recording.messages.length,
    behaviours: ['accepts'],
  }),
)('a recording transport $name', ({ run }) => run())
