/**
 * Texts of the built-in notifications, as ICU messages. The French texts that the guide shows keep its spelling without
 * accents, because clients compare them.
 */
export const notificationTexts = {
  activityUpdate: {
    title: { fr: 'Nouvelle activité', en: 'New activity' },
    message: { fr: 'Activité enregistrée avec succès', en: 'Activity saved' },
  },
  limitWarning: {
    title: { fr: 'Limite bientot atteinte', en: 'Limit almost reached' },
    message: {
      fr: 'Vous avez utilise {percentage}% de votre limite pour {appName}',
      en: 'You have used {percentage}% of your limit for {appName}',
    },
  },
  appBlocked: {
    title: { fr: 'Application bloquee', en: 'App blocked' },
    message: {
      fr: 'Vous avez atteint votre limite pour {appName}',
      en: 'You have reached your limit for {appName}',
    },
  },
  challengeUpdate: {
    title: { fr: '{challengeTitle}', en: '{challengeTitle}' },
    message: { fr: '{message}', en: '{message}' },
  },
  leaderboardUpdate: {
    title: { fr: '{challengeTitle}', en: '{challengeTitle}' },
    message: { fr: 'Le classement a ete mis a jour', en: 'The leaderboard was updated' },
  },
} as const
