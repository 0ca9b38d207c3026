import { createFocusClient, type FocusClient } from '@focus-api/client'

/** A client as in a browser, which counts what reaches the application and how long it is away. */
export class CountingClient {
  /** Milliseconds without a connection, for each reconnect. */
  readonly awayMs: number[] = []
  readonly #client: FocusClient
  readonly #received = new Map<string, number>()
  readonly #opened = Promise.withResolvers<void>()
  #wasOpen = false
  #lostAt: number | null = null

  constructor(url: string, token: string) {
    this.#client = createFocusClient({ url, token, storage: null })
    const { notifications } = this.#client
    notifications.on('notification', ({ id }) => this.#received.set(id, (this.#received.get(id) ?? 0) + 1))
    notifications.on('state', ({ status }) => {
      if (status === 'open') this.#isBack()
      else this.#lostAt ??= performance.now()
    })
    notifications.connect()
  }

  /** Resolves when the client is connected for the first time. */
  opened(): Promise<void> {
    return this.#opened.promise
  }

  /** Compares what arrived with the ids that were accepted. */
  compare(accepted: readonly string[]): { lost: number; duplicated: number } {
    let lost = 0
    let duplicated = 0
    for (const id of accepted) {
      const times = this.#received.get(id) ?? 0
      if (times === 0) lost += 1
      else duplicated += times - 1
    }
    return { lost, duplicated }
  }

  close(): void {
    this.#client.notifications.disconnect()
  }

  #isBack(): void {
    if (this.#wasOpen && this.#lostAt !== null) this.awayMs.push(performance.now() - this.#lostAt)
    this.#wasOpen = true
    this.#lostAt = null
    this.#opened.resolve()
  }
}
