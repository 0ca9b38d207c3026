import { afterEach, describe, expect, test } from 'vitest'
import { newYear2030 } from '@focus-api/test-kit/values/times'
import { manualClock } from '@focus-api/core/testing'
import { createFocus, defineNotifications, type Focus, type FocusOptions } from '../../src/index.ts'
import { openBench, recorder } from './support/bench.ts'
import { z } from 'zod'

const running: Array<{ close(): Promise<void> }> = []
afterEach(async () => {
  for (const one of running.splice(0).toReversed()) await one.close()
})

async function focusWith(options: FocusOptions): Promise<Focus> {
  const focus = await createFocus({
    database: 'sqlite::memory:',
    notifications: { unknownUsers: 'accept' },
    env: {},
    ...options,
  })
  running.push(focus)
  return focus
}

/** Returns the titles that each transport received. */
async function deliveredBy(...recorders: Array<ReturnType<typeof recorder>>): Promise<Record<string, string[]>> {
  return Object.fromEntries(
    recorders.map(({ transport, received }) => [transport.name, received.map(({ message }) => message.title)]),
  )
}

describe('routing', () => {
  const names = ['mail', 'chat', 'phone'] as const
  const plan = async (routing: FocusOptions['routing'], request: object) => {
    const bench = await openBench({
      url: 'sqlite::memory:',
      transports: names.map(
        (name) => recorder(name, undefined, name === 'phone' ? { addresses: () => ['x'] } : {}).transport,
      ),
      ...(routing ? { routing } : {}),
    })
    running.push(bench)
    const planned = await bench.outbound.router.route({ userKey: '1', event: null, ...request })
    if (planned === 'suppressed') return planned
    return planned.deliveries.map(({ transport, afterMs, unless }) =>
      unless === null ? transport : `${transport} after ${afterMs} unless ${unless}`,
    )
  }

  test('sends to every transport without any routing', async () => {
    expect(await plan(undefined, {})).toEqual(['mail', 'chat', 'phone'])
  })

  test('prefers the topic to the default, and the call to the topic', async () => {
    const routing = { transports: ['chat'], topics: { limits: { transports: ['mail'] }, quiet: { transports: [] } } }
    expect(await plan(routing, {})).toEqual(['chat'])
    expect(await plan(routing, { event: 'limits' })).toEqual(['mail'])
    expect(await plan(routing, { event: 'quiet' })).toEqual([])
    expect(await plan(routing, { event: 'quiet', transports: ['phone'] })).toEqual(['phone'])
    expect(await plan(routing, { event: '__proto__' })).toEqual(['chat'])
  })

  test('does not use the transport of an escalation at once, unless it is named', async () => {
    const escalate = [
      { after: '5m', unless: 'read', to: 'mail' },
      { after: 3_600_000, unless: 'read', to: 'phone' },
    ]
    const later = ['mail after 300000 unless read', 'phone after 3600000 unless read']
    expect(await plan(undefined, { escalate })).toEqual(['chat', ...later])
    expect(await plan(undefined, { escalate, transports: ['mail'] })).toEqual(['mail', ...later])
    expect(
      await plan(
        { topics: { limits: { escalate: [{ after: '1m', unless: 'read', to: 'mail' }] } } },
        { event: 'limits' },
      ),
    ).toEqual(['chat', 'phone', 'mail after 60000 unless read'])
  })

  test('sends broadcasts to transports without addresses', async () => {
    expect(await plan(undefined, { userKey: null })).toEqual(['mail', 'chat'])
    expect(await plan(undefined, { userKey: null, escalate: [{ after: '5m', unless: 'read', to: 'mail' }] })).toEqual([
      'chat',
    ])
  })

  test.each([
    [{ transports: ['pigeon'] }, /"pigeon"/],
    [{ escalate: [{ after: 'soon', unless: 'read', to: 'mail' }] }, /"soon" is not a duration/],
    [{ escalate: [{ after: '5m', unless: 'seen', to: 'mail' }] }, /"seen" is not known/],
  ])('refuses %j', async (request, message) => {
    await expect(plan(undefined, request)).rejects.toThrow(message)
  })

  test('comes from a definition of the catalogue', async () => {
    const mail = recorder('mail')
    const chat = recorder('chat')
    const focus = await createFocus({
      database: 'sqlite::memory:',
      notifications: { unknownUsers: 'accept' },
      env: {},
      transports: [mail.transport, chat.transport],
      catalogue: defineNotifications({
        invoice: {
          event: 'billing',
          params: z.object({ amount: z.number() }),
          title: { en: 'Invoice' },
          message: { en: 'You owe {amount}' },
          transports: ['mail'],
        },
      }),
    })
    running.push(focus)
    await focus.notifications.notify('invoice', { userId: 1, amount: 7 })
    await focus.notifications.notifyUser({ userId: 1, title: 'other', message: '' })
    await expect.poll(() => chat.received.length).toBe(1)
    await expect.poll(() => mail.received.length).toBe(2)
    expect(await deliveredBy(chat)).toEqual({ chat: ['other'] })
  })
})

test.each([
  [{ transports: ['slak'] }, 'routing: There is no transport "slak".'],
  [{ topics: { limits: { transports: ['slak'] } } }, 'routing.topics.limits: There is no transport "slak".'],
])('A24: an unknown transport is refused with the path of its option: %j', async (routing, message) => {
  const refused = createFocus({
    database: 'sqlite::memory:',
    env: {},
    transports: [recorder('mail').transport],
    routing,
  })
  await expect(refused).rejects.toMatchObject({
    code: 'invalid_option',
    message,
    hint: 'The configured transports are mail.',
  })
})

describe('escalation', () => {
  async function escalating() {
    const clock = manualClock()
    const mail = recorder('mail')
    const focus = await focusWith({
      clock,
      transports: [mail.transport],
      routing: { escalate: [{ after: '5m', unless: 'read', to: 'mail' }] },
    })
    return { focus, mail, clock, waiting: async () => (await focus.deliveries.list()).deliveries.length }
  }

  test('reaches a user who has not read in time', async () => {
    const { focus, mail, clock } = await escalating()
    await focus.notifications.notifyUser({ userId: 1, title: 'unread', message: '' })
    await focus.deliveries.retry({ transport: 'none' })
    clock.advance(299_000)
    await focus.deliveries.retry({ transport: 'none' })
    expect(mail.received).toEqual([])
    clock.advance(1_000)
    await expect.poll(() => mail.received.map(({ message }) => message.title), { timeout: 5_000 }).toEqual(['unread'])
  })

  test('sends nothing after the user read or deleted the notification', async () => {
    const { focus, mail, clock, waiting } = await escalating()
    const read = await focus.notifications.notifyUser({ userId: 1, title: 'read', message: '' })
    const deleted = await focus.notifications.notifyUser({ userId: 1, title: 'deleted', message: '' })
    await focus.notifications.markRead(1, { ids: ['id' in read ? read.id : ''] })
    await focus.notifications.delete(1, 'id' in deleted ? deleted.id : '')
    expect(await waiting()).toBe(2)
    clock.advance(300_000)
    await expect.poll(waiting, { timeout: 5_000 }).toBe(0)
    expect(mail.received).toEqual([])
    expect((await focus.deliveries.transports())[0]?.outcomes.cancelled).toBe(2)
  })

  test('escalates a merged notification once, in time, with the latest text', async () => {
    const { focus, mail, clock, waiting } = await escalating()
    for (const title of ['one', 'two', 'three']) {
      await focus.notifications.notifyUser({ userId: 1, title, message: '', group: { key: 'g', window: '1h' } })
      clock.advance(60_000)
    }
    expect(await waiting()).toBe(3)
    clock.advance(120_000)
    await expect.poll(waiting, { timeout: 5_000 }).toBe(0)
    expect(mail.received).toMatchObject([{ message: { title: 'three', count: 3 } }])
  })
})

describe('preferences', () => {
  test('switch a topic off at one transport, at all but one, and completely', async () => {
    const mail = recorder('mail')
    const chat = recorder('chat')
    const focus = await focusWith({ transports: [mail.transport, chat.transport] })
    const send = (title: string, event: string, more: object = {}) =>
      focus.notifications.notifyUser({ userId: 1, title, message: '', event, ...more })
    await focus.preferences.put(1, {
      preferences: { limits: { mail: false }, challenges: { '*': false }, news: { '*': false, chat: true } },
    })
    await send('limit', 'limits')
    await send('news', 'news')
    expect(await send('challenge', 'challenges')).toEqual({ outcome: 'suppressed', reason: 'preference' })
    await send('alarm', 'challenges', { critical: true })
    await focus.notifications.notifyUser({ userId: 2, title: 'other', message: '', event: 'challenges' })
    await expect.poll(() => chat.received.length).toBe(4)
    await expect.poll(() => mail.received.length).toBe(2)
    expect(mail.received.map(({ message }) => message.title).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      'alarm',
      'other',
    ])
    const inbox = await focus.notifications.inbox(1)
    expect(inbox.notifications.map(({ title }) => title)).toEqual(['alarm', 'news', 'limit'])
  })

  test('mute a topic where no transport is configured', async () => {
    const focus = await focusWith({})
    const send = (title: string, event?: string, more: object = {}) =>
      focus.notifications.notifyUser({
        userId: 1,
        title,
        message: '',
        ...(event === undefined ? {} : { event }),
        ...more,
      })
    const muted = { outcome: 'suppressed', reason: 'preference' }
    await focus.preferences.put(1, { preferences: { limits: { '*': false } } })
    expect(await send('limit', 'limits')).toEqual(muted)
    expect(await send('none')).toMatchObject({ outcome: 'created' })
    await focus.preferences.put(1, { preferences: { '*': { '*': false }, challenges: { '*': true } } })
    expect(await send('any')).toEqual(muted)
    expect(await send('challenge', 'challenges')).toMatchObject({ outcome: 'created' })
    expect(await send('alarm', 'limits', { critical: true })).toMatchObject({ outcome: 'created' })
    const { notifications } = await focus.notifications.inbox(1)
    expect(notifications.map(({ title }) => title)).toEqual(['alarm', 'challenge', 'none'])
  })

  test('apply at once, also to waiting deliveries', async () => {
    const clock = manualClock(newYear2030)
    const mail = recorder('mail', ({ attempt }) => {
      if (attempt === 1) throw new Error('later')
    })
    const bench = await openBench({ url: 'sqlite::memory:', transports: [mail.transport], clock })
    running.push(bench)
    await bench.commit({ event: 'limits' }, { transport: 'mail' })
    await bench.commit({ event: 'limits' }, { transport: 'mail', critical: true })
    await bench.outbound.runDue()
    await bench.preferences.put('1', { matrix: { limits: { mail: false } } })
    clock.advance(60_000)
    await bench.outbound.runDue()
    expect(mail.received.filter(({ attempt }) => attempt === 2).map(({ message }) => message.critical)).toEqual([true])
    expect((await bench.outbound.deliveries.list()).deliveries).toEqual([])
  })

  test('choose the language of the texts', async () => {
    const mail = recorder('mail')
    const focus = await focusWith({ transports: [mail.transport] })
    await focus.preferences.put(1, { locale: 'en-GB' })
    await focus.notifications.notifyLimitWarning({ userId: 1, appName: 'Instagram', percentage: 80 })
    await expect.poll(() => mail.received[0]?.message.message).toBe('You have used 80% of your limit for Instagram')
    expect(mail.received[0]?.message.user?.locale).toBe('en-GB')
  })

  test('choose the language also after a recent notification', async () => {
    const mail = recorder('mail')
    const focus = await focusWith({ transports: [mail.transport] })
    const warn = () => focus.notifications.notifyLimitWarning({ userId: 1, appName: 'Instagram', percentage: 80 })
    await warn()
    await focus.preferences.put(1, { locale: 'en' })
    await warn()
    const [latest] = (await focus.notifications.inbox(1)).notifications
    expect(latest?.message).toBe('You have used 80% of your limit for Instagram')
  })
})
