import type { FocusNotification } from '@focus-api/client'
import { make } from '../elements.ts'
import type { Texts } from './page-texts.ts'

/** Renders the notifications, newest first, and changes only what is new, so that screen readers announce it. */
export class NotificationListView {
  readonly #list: HTMLElement
  readonly #texts: Texts
  readonly #time: Intl.DateTimeFormat
  readonly #drawn = new Map<string, { readonly notification: FocusNotification; readonly item: HTMLElement }>()
  readonly #onRead: (id: string) => void
  #isFirst = true

  /** @param onRead called with the notification that was read */
  constructor(list: HTMLElement, texts: Texts, onRead: (id: string) => void) {
    this.#onRead = onRead
    this.#list = list
    this.#texts = texts
    this.#time = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: 'short', timeStyle: 'medium' })
  }

  /** @param isLoading whether more notifications are loading; they are not announced as new */
  show(notifications: readonly FocusNotification[], isLoading: boolean): void {
    const wanted = new Set(notifications.map(({ id }) => id))
    for (const [id, { item }] of this.#drawn) {
      if (wanted.has(id)) continue
      item.remove()
      this.#drawn.delete(id)
    }
    let next: Element | null = this.#list.firstElementChild
    for (const notification of notifications) {
      const item = this.#itemOf(notification)
      if (item === next) next = item.nextElementSibling
      else this.#list.insertBefore(item, next)
    }
    this.#isFirst = isLoading
  }

  clear(): void {
    this.#list.replaceChildren()
    this.#drawn.clear()
    this.#isFirst = true
  }

  #itemOf(notification: FocusNotification): HTMLElement {
    const drawn = this.#drawn.get(notification.id)
    if (drawn !== undefined && isSame(drawn.notification, notification)) return drawn.item
    const item = drawn?.item ?? document.createElement('li')
    const isNew = !this.#isFirst && notification.readAt === null
    item.className = `notification${notification.readAt === null ? '' : ' is-read'}${isNew ? ' is-new' : ''}`
    item.dataset.type = notification.type
    const wasAt = item.contains(document.activeElement)
    item.replaceChildren(...this.#content(notification))
    // The button disappears, so the focus moves to the notification.
    item.tabIndex = -1
    if (wasAt) item.focus()
    this.#drawn.set(notification.id, { notification, item })
    return item
  }

  #content({ id, type, title, message, event, timestamp, count, readAt }: FocusNotification): HTMLElement[] {
    const { types, merged } = this.#texts
    const kind = Object.hasOwn(types, type) ? types[type as keyof Texts['types']] : type
    const topic = [event, count > 1 ? `${count} ${merged}` : null].filter(Boolean).join(' · ')
    const time = make('time', '', this.#time.format(new Date(timestamp)))
    time.dateTime = timestamp
    const content = [
      make('span', 'kind', kind),
      make('span', 'topic', topic),
      time,
      make('h3', '', title),
      make('p', 'text', message),
    ]
    if (readAt !== null) return content
    const read = make('button', 'read', this.#texts.read)
    read.type = 'button'
    read.addEventListener('click', () => this.#onRead(id))
    return [...content, read]
  }
}

function isSame(a: FocusNotification, b: FocusNotification): boolean {
  return a.readAt === b.readAt && a.count === b.count && a.timestamp === b.timestamp && a.message === b.message
}
