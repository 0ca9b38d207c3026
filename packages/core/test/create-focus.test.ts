import { expect, test } from 'vitest'
import { createFocus } from '../src/index.ts'

test('a start that fails half-way closes everything that it opened', async () => {
  const before = process.getActiveResourcesInfo().toSorted()
  // Found once the database and the log are open.
  const catalogue = { broken: { params: {}, title: {}, message: { en: 'm' } } }
  const starting = createFocus({ database: 'sqlite::memory:', env: {}, catalogue })
  await expect(starting).rejects.toMatchObject({ code: 'invalid_option' })
  await expect.poll(() => process.getActiveResourcesInfo().toSorted()).toEqual(before)
})

test('close ends everything and can be repeated', async () => {
  const before = process.getActiveResourcesInfo().toSorted()
  const focus = await createFocus({ database: 'sqlite::memory:', env: {} })
  await focus.close()
  await focus.close()
  await expect.poll(() => process.getActiveResourcesInfo().toSorted()).toEqual(before)
})

test('calls after close are refused with `closed`', async () => {
  const focus = await createFocus({ database: 'sqlite::memory:', env: {} })
  await focus.close()
  const calls = await Promise.allSettled([
    focus.notifications.notifyUser({ userId: 1, title: 't', message: 'm' }),
    focus.notifications.broadcast({ title: 't', message: 'm' }),
    focus.notifications.inbox(1),
    focus.preferences.get(1),
  ])
  for (const call of calls) expect(call).toMatchObject({ status: 'rejected', reason: { code: 'closed' } })
})

test('a transport that fails to close keeps no other part open', async () => {
  const before = process.getActiveResourcesInfo().toSorted()
  const stubborn = { name: 'stubborn', deliver: async () => undefined, close: () => Promise.reject(new Error('no')) }
  const focus = await createFocus({ database: 'sqlite::memory:', env: {}, transports: [stubborn] })
  await expect(focus.close()).rejects.toThrow('Not everything could be closed')
  await expect.poll(() => process.getActiveResourcesInfo().toSorted()).toEqual(before)
})

test('two instances in one process are independent', async () => {
  const [a, b] = await Promise.all([
    createFocus({ database: 'sqlite::memory:', env: {}, notifications: { unknownUsers: 'accept' } }),
    createFocus({ database: 'sqlite::memory:', env: {}, notifications: { unknownUsers: 'accept' } }),
  ])
  try {
    await a.notifications.notifyUser({ userId: 1, title: 'only here', message: 'm' })
    expect((await a.notifications.inbox(1)).notifications).toHaveLength(1)
    expect((await b.notifications.inbox(1)).notifications).toHaveLength(0)
  } finally {
    await a.close()
    await b.close()
  }
})

test('A24: an option that is null counts as not set', async () => {
  const nulls = {
    tokens: { typ: null, idleTtlSeconds: null },
    notifications: { maxAge: null },
    rateLimits: { perMinute: null },
  }
  const options: object = { database: 'sqlite::memory:', env: {}, logger: null, websocket: { limits: null }, ...nulls }
  const focus = await createFocus(options)
  await focus.close()
})

test.each([
  [{ databse: 'sqlite:a.db' }, 'databse: is not an option; did you mean database?'],
  [{ oauth: { refreshDelivery: 'Cookie' } }, 'oauth.refreshDelivery: expected "body" or "cookie", got "Cookie".'],
  [
    { tokens: { idleTtlSeconds: -1 } },
    'tokens.idleTtlSeconds: expected a whole number of seconds from 1 to 315360000, got -1.',
  ],
  [
    { notifications: { unknownUsers: 'acept' } },
    'notifications.unknownUsers: expected "refuse" or "accept", got "acept".',
  ],
])('A24: createFocus(%j) is refused', async (options: object, message) => {
  const failure = createFocus({ database: 'sqlite::memory:', env: {}, ...options })
  await expect(failure).rejects.toMatchObject({ code: 'invalid_option', message })
})
