import { expect, test } from 'vitest'
import { createFocus } from '../src/index.ts'

test('a start that fails half-way leaves nothing running', async () => {
  const before = process.getActiveResourcesInfo().toSorted()
  const starting = createFocus({ database: 'sqlite::memory:', env: {}, websocket: { limits: { lagBytes: -1 } } })
  await expect(starting).rejects.toMatchObject({ code: 'invalid_option' })
  await expect.poll(() => process.getActiveResourcesInfo().toSorted()).toEqual(before)
})

test('close ends everything, and may be called again', async () => {
  const before = process.getActiveResourcesInfo().toSorted()
  const focus = await createFocus({ database: 'sqlite::memory:', env: {} })
  await focus.close()
  await focus.close()
  await expect.poll(() => process.getActiveResourcesInfo().toSorted()).toEqual(before)
})

test('what is called after close is refused with its code', async () => {
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

test('a transport that cannot close keeps nothing else open', async () => {
  const before = process.getActiveResourcesInfo().toSorted()
  const stubborn = { name: 'stubborn', deliver: async () => undefined, close: () => Promise.reject(new Error('no')) }
  const focus = await createFocus({ database: 'sqlite::memory:', env: {}, transports: [stubborn] })
  await expect(focus.close()).rejects.toThrow('Not everything could be closed')
  await expect.poll(() => process.getActiveResourcesInfo().toSorted()).toEqual(before)
})

test('two in one process never see each other', async () => {
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
