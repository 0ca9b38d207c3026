import { type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { languageTag } from '../locale.ts'
import type { FocusNotification } from '../realtime/notification.ts'
import { useFocusContext } from './context.ts'
import { NotificationItem } from './notification-item.tsx'
import { type NotificationCenterTexts, textsOf } from './texts.ts'
import { type UseNotifications, useNotifications } from './use-notifications.ts'

/** Props of `NotificationCenter`. */
export interface NotificationCenterProps {
  /** `fr` or `en`. Default: the client's. */
  readonly locale?: string
  /** Replaces single texts. */
  readonly texts?: Partial<NotificationCenterTexts>
  readonly className?: string
  /** Called when the user selects a notification, after it is marked as read. */
  readonly onSelect?: (notification: FocusNotification) => void
  /** Renders the content of an entry. Default: title, message and time. */
  readonly renderItem?: (notification: FocusNotification) => ReactNode
}

/** Style of texts for screen readers only. */
const visuallyHidden = {
  position: 'absolute',
  width: 1,
  height: 1,
  overflow: 'hidden',
  clipPath: 'inset(50%)',
} as const

/**
 * A bell with the number of unread notifications, and their list. It has no styles: style the classes `focus-center`,
 * `focus-center-bell`, `-badge`, `-panel`, `-list`, `-item` and `-item-unread`. Requires a `<FocusProvider>`.
 */
export function NotificationCenter(props: NotificationCenterProps): ReactNode {
  const { client } = useFocusContext()
  const locale = languageTag(props.locale) ?? client.locale ?? 'fr'
  const texts = { ...textsOf(locale), ...props.texts }
  const [latest, setLatest] = useState<FocusNotification | null>(null)
  const source = useNotifications({ onNotification: setLatest })
  const { isOpen, setOpen, root, bell, panel } = usePanel()
  const panelId = useId()
  const { unreadCount } = source
  const readAll = () => {
    // The button disappears with the last unread notification: keep the keyboard focus in the panel.
    panel.current?.focus()
    void source.markAllRead()
  }

  return (
    <div ref={root} className={classNames('focus-center', props.className)}>
      <button
        ref={bell}
        type="button"
        className="focus-center-bell"
        aria-label={texts.bell(unreadCount)}
        aria-expanded={isOpen}
        aria-controls={panelId}
        onClick={() => setOpen(!isOpen)}
      >
        <span aria-hidden="true">🔔</span>
        {unreadCount > 0 && (
          <span className="focus-center-badge" aria-hidden="true">
            {unreadCount > 99 ? '99+' : unreadCount}
          </span>
        )}
      </button>
      <div role="status" style={visuallyHidden}>
        {latest && `${latest.title}. ${latest.message}`}
      </div>
      <section
        ref={panel}
        id={panelId}
        className="focus-center-panel"
        aria-label={texts.title}
        tabIndex={-1}
        hidden={!isOpen}
      >
        {isOpen && <Panel {...props} source={source} texts={texts} locale={locale} onReadAll={readAll} />}
      </section>
    </div>
  )
}

interface PanelProps extends NotificationCenterProps {
  readonly source: UseNotifications
  readonly texts: NotificationCenterTexts
  readonly locale: string
  readonly onReadAll: () => void
}

function Panel({ source, texts, locale, onSelect, onReadAll, renderItem }: PanelProps): ReactNode {
  const { notifications, unreadCount, state, hasMore, isLoading, error } = source
  const select = (notification: FocusNotification) => {
    if (notification.readAt === null) void source.markRead(notification.id)
    onSelect?.(notification)
  }
  return (
    <>
      <header className="focus-center-header">
        <h2>{texts.title}</h2>
        {unreadCount > 0 && (
          <button type="button" className="focus-center-read-all" onClick={onReadAll}>
            {texts.markAllRead}
          </button>
        )}
      </header>
      {state.status === 'reconnecting' && <p className="focus-center-offline">{texts.offline}</p>}
      {error && (
        <p role="alert" className="focus-center-error">
          {texts.failed} {error.message}
        </p>
      )}
      {notifications.length === 0 && !isLoading && <p className="focus-center-empty">{texts.empty}</p>}
      <ul className="focus-center-list">
        {notifications.map((notification) => (
          <NotificationItem
            key={notification.id}
            notification={notification}
            locale={locale}
            unreadText={texts.unread}
            onSelect={select}
            {...(renderItem && { render: renderItem })}
          />
        ))}
      </ul>
      {isLoading && <p className="focus-center-loading">{texts.loading}</p>}
      {hasMore && !isLoading && (
        <button type="button" className="focus-center-more" onClick={() => void source.loadMore()}>
          {texts.loadMore}
        </button>
      )}
    </>
  )
}

/** Opens and closes the panel. Escape closes it and focuses the bell; a click outside only closes it. */
function usePanel() {
  const [isOpen, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  const bell = useRef<HTMLButtonElement>(null)
  const panel = useRef<HTMLElement>(null)

  useEffect(() => {
    if (!isOpen) return undefined
    const listening = new AbortController()
    const { signal } = listening
    const outside = ({ target }: Event) => {
      if (target instanceof Node && !root.current?.contains(target)) setOpen(false)
    }
    const escape = ({ key }: KeyboardEvent) => {
      if (key !== 'Escape') return
      setOpen(false)
      bell.current?.focus()
    }
    document.addEventListener('pointerdown', outside, { signal })
    document.addEventListener('keydown', escape, { signal })
    return () => listening.abort()
  }, [isOpen])

  return { isOpen, setOpen, root, bell, panel }
}

function classNames(...names: (string | undefined)[]): string {
  return names.filter((name) => name !== undefined).join(' ')
}
