import { randomBytes } from 'node:crypto'
import { createFocus, type NotificationInput } from '@focus-api/core'
import { audience, type Contestant, sample } from './contestant.ts'

const secret = randomBytes(32).toString('base64')

const policies = {
  none: () => ({}),
  'dedupe + rate': (n: number) => ({
    dedupe: { key: `activity:${n}`, window: '1h' },
    rate: { limit: 1_000, window: '1s' },
  }),
} as const

/** `notifyUser`, called like in an application. */
export async function focus(database: string, policy: keyof typeof policies, callers: number): Promise<Contestant> {
  const running = await createFocus({
    database,
    env: {},
    secret,
    notifications: { unknownUsers: 'accept', maxPerUser: 1_000_000 },
  })
  const policiesOf = policies[policy]
  return {
    name: `notifyUser, ${callers} callers${policy === 'none' ? '' : `, ${policy}`}`,
    callers,
    each: 1,
    send: (n) => {
      const notification: NotificationInput = { ...sample, ...policiesOf(n), userId: `user${n % audience}` }
      return running.notifications.notifyUser(notification)
    },
    close: () => running.close(),
  }
}
