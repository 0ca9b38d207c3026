/** Texts of the notification centre. */
export interface NotificationCenterTexts {
  readonly title: string
  /** Returns the bell's name for screen readers. */
  bell(unreadCount: number): string
  readonly empty: string
  readonly loading: string
  readonly loadMore: string
  readonly markAllRead: string
  readonly unread: string
  /** Shown while disconnected. */
  readonly offline: string
  readonly failed: string
}

const french: NotificationCenterTexts = {
  title: 'Notifications',
  bell: (count) => {
    if (count === 0) return 'Notifications'
    return count === 1 ? 'Notifications, 1 non lue' : `Notifications, ${count} non lues`
  },
  empty: 'Aucune notification',
  loading: 'Chargement…',
  loadMore: 'Afficher plus',
  markAllRead: 'Tout marquer comme lu',
  unread: 'Non lue',
  offline: 'Déconnecté, reconnexion en cours…',
  failed: 'Une erreur est survenue.',
}

const english: NotificationCenterTexts = {
  title: 'Notifications',
  bell: (count) => (count === 0 ? 'Notifications' : `Notifications, ${count} unread`),
  empty: 'No notifications',
  loading: 'Loading…',
  loadMore: 'Show more',
  markAllRead: 'Mark all as read',
  unread: 'Unread',
  offline: 'Disconnected, reconnecting…',
  failed: 'Something went wrong.',
}

/** Returns English texts for `en` and `en-…`, and French texts for other locales, like the server. */
export function textsOf(locale: string): NotificationCenterTexts {
  return /^en\b/i.test(locale) ? english : french
}
