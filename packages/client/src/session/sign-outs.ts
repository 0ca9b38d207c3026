import { backoffMs } from '../backoff.ts'
import { FocusClientError, isRefusal } from '../errors.ts'
import type { Api } from '../http.ts'
import { withTabLock } from './tab-lock.ts'
import type { TokenStorage } from './token-storage.ts'

/** Time limit of one request. */
const timeoutMs = 5_000
const maxSignOuts = 10

/** A session that ended here, and not yet on the server. */
interface SignOut {
  readonly everywhere: boolean
  /** Both tokens are absent with cookie delivery: the cookie identifies the session, and no token is stored. */
  readonly access?: string | undefined
  readonly refresh?: string | null | undefined
}

export interface SignOutsOptions {
  readonly api: Api
  readonly storage: TokenStorage
  readonly storageKey: string
  readonly cookies: boolean
}

/** Sign-outs that the server has not confirmed. They are stored until it does, across failures and pages. */
export class SignOuts {
  /** Name of the entry in the storage, and of the lock with which one tab at a time finishes sign-outs. */
  readonly key: string
  readonly #api: Api
  readonly #storage: TokenStorage
  readonly #cookies: boolean
  /** The sign-outs, while the storage is full or forbidden. */
  #unstored: readonly SignOut[] | null = null
  #finished: Promise<void> = Promise.resolve()
  #timer: ReturnType<typeof setTimeout> | undefined
  #failures = 0

  constructor({ api, storage, storageKey, cookies }: SignOutsOptions) {
    this.#api = api
    this.#storage = storage
    this.key = `${storageKey}:sign-outs`
    this.#cookies = cookies
  }

  get isPending(): boolean {
    return this.#load().length > 0
  }

  add(signOut: SignOut): void {
    const { everywhere } = signOut
    this.#save([...this.#load(), this.#cookies ? { everywhere } : signOut])
  }

  /** Drops the sign-outs of the cookie's earlier session, after a sign-in replaced the cookie. */
  cookieReplaced(): void {
    if (this.#cookies && this.isPending) this.#save([])
  }

  /** Sends each sign-out to the server. Failures are repeated later. Never rejects. */
  finish(): Promise<void> {
    this.#finished = this.#finished.then(() => (this.isPending ? withTabLock(this.key, () => this.#pass()) : undefined))
    return this.#finished
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  async #pass(): Promise<void> {
    clearTimeout(this.#timer)
    let hasFailed = false
    for (const signOut of this.#load()) {
      try {
        await this.#end(signOut)
        const done = JSON.stringify(signOut)
        this.#save(this.#load().filter((other) => JSON.stringify(other) !== done))
      } catch {
        hasFailed = true
      }
    }
    this.#failures = hasFailed ? this.#failures + 1 : 0
    if (hasFailed) this.#timer = setTimeout(() => void this.finish(), backoffMs(this.#failures))
  }

  async #end({ everywhere, access, refresh }: SignOut): Promise<void> {
    const path = everywhere ? '/auth/logout_all' : '/auth/logout'
    // The access token may have expired. The refresh token or the cookie identifies the session too.
    const body = refresh ? { refresh_token: refresh } : undefined
    try {
      const answer = await this.#api.request(path, { method: 'POST', body, token: access, keepalive: true, timeoutMs })
      // Captive portals answer with 200.
      if (answer !== undefined) throw new FocusClientError('invalid_response', `${path} did not answer with 204`)
    } catch (error) {
      // A 401 of the server itself means that the session has ended.
      if (!isRefusal(error) || error.status !== 401) throw error
    }
  }

  #load(): readonly SignOut[] {
    if (this.#unstored) return this.#unstored
    try {
      const value: unknown = JSON.parse(this.#storage.getItem(this.key) ?? '[]')
      return Array.isArray(value) ? value.filter(Boolean) : []
    } catch {
      return []
    }
  }

  #save(signOuts: readonly SignOut[]): void {
    this.#unstored = null
    try {
      if (signOuts.length === 0) this.#storage.removeItem(this.key)
      else this.#storage.setItem(this.key, JSON.stringify(signOuts.slice(-maxSignOuts)))
    } catch {
      this.#unstored = signOuts
    }
  }
}
