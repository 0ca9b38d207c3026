import { createFocus, type Focus } from '@focus-api/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { profileOf } from '@focus-api/test-kit/focus/profile'

const adminKey = 'an-admin-key-of-a-test-that-is-long-enough'
const nul = 'a\0b'

describeOverDatabases('the character U+0000, which PostgreSQL cannot store', (databases) => {
  let focus: Focus
  let userId: number | string
  beforeAll(async () => {
    focus = await createFocus({
      database: await databases.create(),
      adminKey,
      secret: 'a secret of the tests that is long enough',
      env: {},
    })
    userId = (await focus.auth.accounts.signIn(profileOf('somebody', { preferredUsername: 'somebody' }))).user.id
  })
  afterAll(() => focus.close())

  test.each([
    ['title', { title: nul }],
    ['message', { message: nul }],
    ['type', { type: nul }],
    ['event', { event: nul }],
    ['group.key', { group: { key: nul } }],
    ['dedupe.key', { dedupe: { key: nul } }],
    ['rate.key', { rate: { key: nul, limit: 1, window: '1m' } }],
    ['userId', { userId: nul }],
  ])('is refused in %s', async (name, part) => {
    const content = { userId, title: 't', message: 'm', ...part }
    await expect(focus.notifications.notifyUser(content)).rejects.toMatchObject({
      code: 'invalid_notification',
      message: expect.stringContaining(name),
    })
  })

  test('is kept in data, whose JSON escapes it', async () => {
    await focus.notifications.notifyUser({ userId, title: 't', message: 'm', data: { nul } })
    const { notifications } = await focus.notifications.inbox(userId)
    expect(notifications[0]?.data).toEqual({ nul })
  })

  test.each([
    ['GET', '/admin/users?search=%00', undefined],
    ['POST', '/notifications', { user: nul, title: 't', message: 'm' }],
    ['GET', `/admin/deliveries?user=${encodeURIComponent(nul)}`, undefined],
    ['POST', '/notifications', { users: [nul], title: 't', message: 'm' }],
  ])('is a client error in %s %s', async (method, path, body) => {
    const request = new Request(`http://localhost/api${path}`, {
      method,
      headers: { authorization: `Bearer ${adminKey}` },
      ...(body && { body: new Blob([JSON.stringify(body)], { type: 'application/json' }) }),
    })
    const response = await focus.fetch(request)
    expect([response.status, ((await response.json()) as { code?: string }).code]).toEqual([
      expect.any(Number),
      expect.stringMatching(/^(invalid_|unknown_)/),
    ])
    expect(response.status).toBeLessThan(500)
  })

  test('fails the call that brings it, and not the calls that share its transaction', async () => {
    const receipt = await focus.notifications.notifyUser({ userId, title: 'read me', message: 'm' })
    if (!('id' in receipt)) throw new Error('the notification was not created')
    const [broken, good] = await Promise.allSettled([
      focus.notifications.markRead(userId, { ids: [nul] }),
      focus.notifications.markRead(userId, { ids: [receipt.id] }),
    ])
    expect(broken).toMatchObject({ status: 'rejected', reason: { code: 'invalid_request' } })
    expect(good.status).toBe('fulfilled')
  })

  test('becomes a space in the name that a provider gives', async () => {
    const { user } = await focus.auth.accounts.signIn(profileOf('nul', { fullName: nul }))
    expect(user.fullName).toBe('a b')
    await expect(focus.auth.accounts.signIn({ ...profileOf('x', {}), subject: nul })).rejects.toMatchObject({
      code: 'provider_error',
    })
  })
})
