import { expect, test } from 'vitest'
import { profileOf } from '@focus-api/test-kit/focus/profile'
import { createFocus } from '../../src/focus.ts'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'

describeOverDatabases('notifications for users that a node has not seen', (databases) => {
  test('thousands of them at once are accepted, and only the unknown users among them are refused', async () => {
    const focus = await createFocus({ database: await databases.create(), env: {}, secret: 's'.repeat(32) })
    try {
      const { user } = await focus.auth.accounts.signIn(profileOf('anna'))
      const userIds = Array.from({ length: 3_000 }, (_, index) => (index === 1_500 ? user.id : 1_000_000 + index))
      const outcomes = await Promise.allSettled(
        userIds.map((userId) => focus.notifications.notifyUser({ userId, title: 't', message: 'm' })),
      )
      const codes = outcomes.map((one) => (one.status === 'fulfilled' ? one.value.outcome : one.reason.code))
      expect(codes.filter((code) => code === 'unknown_user')).toHaveLength(2_999)
      expect(codes[1_500]).toBe('created')
    } finally {
      await focus.close()
    }
  })
})
