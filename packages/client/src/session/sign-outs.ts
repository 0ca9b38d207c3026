import { backoffMs } from '../backoff.ts'
import { FocusClientError, isRefusal } from '../errors.ts'
import type { Api } from '../http.ts'
import { withTabLock } from './tab-lock.ts'
import type { TokenStorage } from './token-storage.ts'

/** How long the server may take to answer one request. */
const timeoutMs = 5_000
const keptAtMost = 10

/** A session that ended here and is still to be ended on the server. */
interface SignOut {
  readonly everywhere: boolean
  /** Both are absent with cookie delivery: there the cookie names the session, and no token is ever stored. */
  readonly access?: string | undefined
  readonly refresh?: string | null | undefined
}

export interface SignOutsOptions {
  readonly api: Api
  readonly storage: TokenStorage
  readonly storageKey: string
  readonly cookies: boolean
}

/** Sign-outs that the server does not know of yet: kept until it does, over failures and over the end of the page. */
export class SignOuts {
  /** Name of the entry in the storage, which other tabs see change; tabs finish sign-outs one at a time under it. */
  readonly key: string
  readonly #api: Api
  readonly #storage: TokenStorage
  readonly #cookies: boolean
  /** Kept here when the storage is full or forbidden. */
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

  /** Somebody signed in: the cookie now names their session. */
  replaced(): void {
    if (this.#cookies && this.isPending) this.#save([])
  }

  /** Tells the server of each, once; again later where that fails. Never rejects. */
  finish(): Promise<void> {
    this.#finished = this.#finished.then(() => (this.isPending ? withTabLock(this.key, () => this.#pass()) : undefined))
    return this.#finished
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  async #pass(): Promise<void> {
    clearTimeout(this.#timer)
    let isLeft = false
    for (const signOut of this.#load()) {
      try {
        await this.#end(signOut)
        const done = JSON.stringify(signOut)
        this.#save(this.#load().filter((other) => JSON.stringify(other) !== done))
      } catch {
        // Neither success nor the server's own word.
        isLeft = true
      }
    }
    this.#failures = isLeft ? this.#failures + 1 : 0
    if (isLeft) this.#timer = setTimeout(() => void this.finish(), backoffMs(this.#failures, Math.random()))
  }

  async #end({ everywhere, access, refresh }: SignOut): Promise<void> {
    const path = everywhere ? '/auth/logout_all' : '/auth/logout'
    // An access token that has ended is no obstacle: the refresh token names the session too, as does the cookie.
    const body = refresh ? { refresh_token: refresh } : undefined
    try {
      const answer = await this.#api.request(path, { method: 'POST', body, token: access, keepalive: true, timeoutMs })
      // Captive portals answer 200.
      if (answer !== undefined) throw new FocusClientError('invalid_response', `${path} did not answer 204`)
    } catch (error) {
      // By the server's own word there is nothing left to end.
      if (!isRefusal(error) || !(error instanceof FocusClientError) || error.status !== 401) throw error
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
      else this.#storage.setItem(this.key, JSON.stringify(signOuts.slice(-keptAtMost)))
    } catch {
      this.#unstored = signOuts
    }
  }
}
