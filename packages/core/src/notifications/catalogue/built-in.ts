import { z } from 'zod'
import { notificationTexts as texts } from '../../messages/notification-texts.ts'
import type { BuiltInCatalogue } from './built-in-catalogue.ts'
import { defineNotifications } from './define.ts'

const text = z.string().min(1).max(400)
const json = z.record(z.string(), z.json(), 'expected an object')

/** The guide's notifications. */
export const builtInCatalogue: BuiltInCatalogue = defineNotifications({
  activityUpdate: {
    ...texts.activityUpdate,
    event: 'activities',
    type: 'info',
    params: z.object({ activity: json }),
    data: ({ activity }) => activity,
  },
  limitWarning: {
    ...texts.limitWarning,
    event: 'limits',
    type: 'warning',
    params: z.object({ appName: text, percentage: z.number().min(0) }),
  },
  appBlocked: {
    ...texts.appBlocked,
    event: 'limits',
    type: 'error',
    params: z.object({ appName: text }),
  },
  challengeUpdate: {
    ...texts.challengeUpdate,
    event: 'challenges',
    type: 'info',
    params: z.object({ challengeTitle: text, updateType: text, message: z.string().max(8_000), data: json.optional() }),
    data: ({ challengeTitle, updateType, data }) => ({
      challenge_title: challengeTitle,
      update_type: updateType,
      ...data,
    }),
  },
  leaderboardUpdate: {
    ...texts.leaderboardUpdate,
    event: 'challenges',
    type: 'info',
    params: z.object({ challengeTitle: text, leaderboardData: json }),
    data: ({ challengeTitle, leaderboardData }) => ({ challenge_title: challengeTitle, ...leaderboardData }),
  },
})
