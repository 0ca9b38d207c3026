import { z } from 'zod'
import { notificationTexts as texts } from '../../messages/notifications.ts'

const text = z.string().min(1).max(500)
const json = z.record(z.string(), z.json())

/** The guide's notifications. */
export const builtInDefinitions = {
  activityUpdate: {
    ...texts.activityUpdate,
    event: 'activities',
    type: 'info',
    params: z.object({ activity: json }),
    data: ({ activity }: { activity: z.infer<typeof json> }) => activity,
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
    params: z.object({ challengeTitle: text, updateType: text, message: z.string().max(4_000), data: json.optional() }),
    data: (p: { challengeTitle: string; updateType: string; data?: z.infer<typeof json> | undefined }) => ({
      challenge_title: p.challengeTitle,
      update_type: p.updateType,
      ...p.data,
    }),
  },
  leaderboardUpdate: {
    ...texts.leaderboardUpdate,
    event: 'challenges',
    type: 'info',
    params: z.object({ challengeTitle: text, leaderboardData: json }),
    data: (p: { challengeTitle: string; leaderboardData: z.infer<typeof json> }) => ({
      challenge_title: p.challengeTitle,
      ...p.leaderboardData,
    }),
  },
} as const
