/** What the notification centre says. */
export interface NotificationCenterTexts {
  readonly title: string
  /** The bell's name for screen readers. */
  bell(unreadCount: number): string
  readonly empty: string
  readonly loading: string
  readonly loadMore: string
  readonly markAllRead: string
  readonly unread: string
  /** Shown while the connection is away. */
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

/** English for every `en-…`, French for everything else, as on the server. */
export function textsOf(locale: string): NotificationCenterTexts {
  return /^en\b/i.test(locale) ? english : french
}
