import type { ListenOptions } from '../emitter.ts'
import { connectionClosed } from './connection/connection-closed.ts'
import type { FocusNotification } from './notification.ts'
import type { NotificationSource } from './notification-source.ts'

type Result = IteratorResult<FocusNotification, undefined>
type End = { readonly error?: unknown }

/** Notifications for `for await`. They are queued from its creation, so that a slow consumer misses none. */
export class NotificationQueue implements AsyncIterableIterator<FocusNotification, undefined> {
  readonly #items: FocusNotification[] = []
  readonly #waiting: { resolve: (result: Result) => void; reject: (error: unknown) => void }[] = []
  readonly #listening = new AbortController()
  #end: End | null = null

  constructor(notifications: NotificationSource, { signal }: ListenOptions) {
    const listening = { signal: this.#listening.signal }
    notifications.on('notification', (notification) => this.#push(notification), listening)
    notifications.on(
      'state',
      (state) => {
        if (state.status === 'idle') this.#finish({})
        if (state.status === 'closed') this.#finish({ error: connectionClosed(state) })
      },
      listening,
    )
    const abort = () => {
      this.#items.length = 0
      this.#finish({})
    }
    if (signal?.aborted) abort()
    signal?.addEventListener('abort', abort, listening)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<Result> {
    const value = this.#items.shift()
    if (value) return Promise.resolve({ value, done: false })
    const end = this.#end
    if (!end) return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
    // The error is thrown once. Later calls get the end.
    this.#end = {}
    return 'error' in end ? Promise.reject(end.error) : Promise.resolve({ value: undefined, done: true })
  }

  return(): Promise<Result> {
    this.#items.length = 0
    this.#finish({})
    return Promise.resolve({ value: undefined, done: true })
  }

  #push(value: FocusNotification): void {
    const consumer = this.#waiting.shift()
    if (consumer) consumer.resolve({ value, done: false })
    else this.#items.push(value)
  }

  #finish(end: End): void {
    this.#listening.abort()
    this.#end ??= end
    for (const { resolve, reject } of this.#waiting.splice(0)) this.next().then(resolve, reject)
  }
}
