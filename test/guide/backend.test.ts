import { createFocus, type Focus } from '@focus-api/core'
import { beforeAll, describe, expect, test } from 'vitest'
import { applicationUsers } from '@focus-api/test-kit/focus/application-users'
import { codeBlock } from './guide.ts'
import { type Call, pythonCalls } from './python-calls.ts'

/** The notification that each call of the guide leaves in the inbox of user 123. */
const expected: Record<string, object> = {
  notifyUser: {
    type: 'info',
    title: 'Nouvelle activité',
    message: 'Activité enregistrée avec succès',
    data: { app_name: 'Instagram', duration: 45 },
    event: null,
  },
  notifyLimitWarning: {
    type: 'warning',
    title: 'Limite bientot atteinte',
    message: 'Vous avez utilise 80% de votre limite pour Instagram',
    data: { app_name: 'Instagram', percentage: 80 },
    event: 'limits',
  },
  notifyAppBlocked: {
    type: 'error',
    message: expect.stringContaining('Instagram'),
    data: { app_name: 'Instagram' },
    event: 'limits',
  },
  notifyChallengeUpdate: {
    type: 'info',
    message: 'Vous êtes maintenant 2e au classement!',
    data: { challenge_title: 'Challenge Octobre', update_type: 'leaderboard_update', rank: 2, score: 850 },
    event: 'challenges',
  },
  notifyLeaderboardUpdate: {
    type: 'info',
    title: expect.stringContaining('Challenge Octobre'),
    data: { challenge_title: 'Challenge Octobre', updated_at: '2024-10-30T10:30:00' },
    event: 'challenges',
  },
}

const calls = pythonCalls(codeBlock('python', 'notify_leaderboard_update'))
let focus: Focus

beforeAll(async () => {
  focus = await createFocus({ database: 'sqlite::memory:', users: applicationUsers([123, 456, 789]), env: {} })
  return () => focus.close()
})

/** A method whose name comes from the guide's text. */
async function send({ method, parameters }: Call): Promise<unknown> {
  const { [method as keyof Focus['notifications']]: call } = focus.notifications
  return Reflect.apply(call, focus.notifications, [parameters])
}

describe('the guide’s calls from the backend', () => {
  test('are all known here', () => {
    expect(calls.map(({ method }) => method)).toEqual(Object.keys(expected))
  })

  test.each(calls)('$method reaches the inbox with the guide’s words', async (call) => {
    await send(call)
    const { notifications } = await focus.notifications.inbox(123)
    expect(notifications[0]).toMatchObject(expected[call.method] ?? {})
  })

  test('notifyLeaderboardUpdate reaches everybody it names', async () => {
    for (const userId of [456, 789]) {
      const { notifications } = await focus.notifications.inbox(userId)
      expect(notifications).toHaveLength(1)
    }
  })
})
