import type { ReactNode } from 'react'
import type { FocusNotification } from '../realtime/notification.ts'

export interface NotificationItemProps {
  readonly notification: FocusNotification
  readonly locale: string
  readonly unreadText: string
  readonly onSelect: (notification: FocusNotification) => void
  readonly render?: (notification: FocusNotification) => ReactNode
}

/** One entry of the notification centre. */
export function NotificationItem(props: NotificationItemProps): ReactNode {
  const { notification, locale, unreadText, onSelect, render = content(locale) } = props
  const isUnread = notification.readAt === null
  const classes = ['focus-center-item', `focus-center-item-${notification.type}`]
  if (isUnread) classes.push('focus-center-item-unread')
  return (
    <li className={classes.join(' ')}>
      <button type="button" onClick={() => onSelect(notification)}>
        {isUnread && (
          <span className="focus-center-dot" role="img" aria-label={unreadText}>
            •
          </span>
        )}
        {render(notification)}
      </button>
    </li>
  )
}

function content(locale: string) {
  return ({ title, message, timestamp }: FocusNotification): ReactNode => (
    <>
      <strong className="focus-center-item-title">{title}</strong>
      <span className="focus-center-item-message">{message}</span>
      <time className="focus-center-item-time" dateTime={timestamp}>
        {new Date(timestamp).toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'short' })}
      </time>
    </>
  )
}
