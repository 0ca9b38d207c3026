import type { FocusNotification } from '@focus-api/client'
import { make } from './elements.ts'
import type { Texts } from './texts.ts'

/** Draws the notifications, newest first, and touches only what changed, so that screen readers hear what is new. */
export class NotificationListView {
  readonly #list: HTMLElement
  readonly #texts: Texts
  readonly #time: Intl.DateTimeFormat
  readonly #drawn = new Map<string, { readonly notification: FocusNotification; readonly item: HTMLElement }>()
  #isFirst = true

  constructor(list: HTMLElement, texts: Texts) {
    this.#list = list
    this.#texts = texts
    this.#time = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: 'short', timeStyle: 'medium' })
  }

  /** @param onRead is told of the one that was pressed */
  show(notifications: readonly FocusNotification[], onRead: (id: string) => void): void {
    const wanted = new Set(notifications.map(({ id }) => id))
    for (const [id, { item }] of this.#drawn) {
      if (wanted.has(id)) continue
      item.remove()
      this.#drawn.delete(id)
    }
    let next: Element | null = this.#list.firstElementChild
    for (const notification of notifications) {
      const item = this.#itemOf(notification, onRead)
      if (item === next) next = item.nextElementSibling
      else this.#list.insertBefore(item, next)
    }
    this.#isFirst = false
  }

  clear(): void {
    this.#list.replaceChildren()
    this.#drawn.clear()
    this.#isFirst = true
  }

  #itemOf(notification: FocusNotification, onRead: (id: string) => void): HTMLElement {
    const drawn = this.#drawn.get(notification.id)
    if (drawn !== undefined && isSame(drawn.notification, notification)) return drawn.item
    const item = drawn?.item ?? this.#newItem(notification.id, onRead)
    item.className = `notification${notification.readAt === null ? '' : ' is-read'}${this.#isFirst ? '' : ' is-new'}`
    item.dataset.type = notification.type
    item.replaceChildren(...this.#content(notification))
    this.#drawn.set(notification.id, { notification, item })
    return item
  }

  #newItem(id: string, onRead: (id: string) => void): HTMLElement {
    const item = document.createElement('li')
    item.addEventListener('click', () => onRead(id))
    return item
  }

  #content({ type, title, message, event, timestamp, count }: FocusNotification): HTMLElement[] {
    const { types, merged } = this.#texts
    const kind = Object.hasOwn(types, type) ? types[type as keyof Texts['types']] : type
    const topic = [event, count > 1 ? `${count} ${merged}` : null].filter(Boolean).join(' · ')
    const time = make('time', '', this.#time.format(new Date(timestamp)))
    time.dateTime = timestamp
    return [
      make('span', 'kind', kind),
      make('span', 'topic', topic),
      time,
      make('h3', '', title),
      make('p', 'text', message),
    ]
  }
}

function isSame(a: FocusNotification, b: FocusNotification): boolean {
  return a.readAt === b.readAt && a.count === b.count && a.timestamp === b.timestamp && a.message === b.message
}
