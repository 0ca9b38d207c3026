import { Emitter, type ErrorSink, type ListenOptions } from '../emitter.ts'
import { FocusClientError } from '../errors.ts'
import type { Api } from '../http.ts'
import type { TokenResponse } from '../protocol.ts'
import { type FocusUser, toUser } from '../user.ts'
import { withTabLock } from './tab-lock.ts'
import type { TokenStorage } from './token-storage.ts'

/** A token that ends sooner than this is renewed before it is used. */
const marginMs = 30_000

/** How long a refresh may take; other tabs wait for it. */
const timeoutMs = 10_000

/** Gives access tokens to whoever speaks to the server. */
export interface AccessTokens {
  /** A token that is good for a while; null when nobody is signed in. */
  get(): Promise<string | null>
  /** Another one, because the server refused `rejected`; null when there is none. */
  renew(rejected: string): Promise<string | null>
}

interface StoredSession {
  readonly access: string
  readonly refresh: string | null
  /** By this machine's clock, so that a wrong clock does no harm; null when the server did not say. */
  readonly expiresAt: number | null
  readonly user: FocusUser | null
}

export interface SessionOptions {
  readonly api: Api
  readonly storage: TokenStorage
  readonly storageKey: string
  /** The refresh token is in a cookie that no script can read. */
  readonly cookies: boolean
  readonly onError: ErrorSink
}

/** Who is signed in, with which tokens, in this tab and in all others that share the storage. */
export class Session implements AccessTokens {
  readonly #api: Api
  readonly #storage: TokenStorage
  readonly #key: string
  readonly #cookies: boolean
  readonly #changes: Emitter<FocusUser | null>
  #current: StoredSession | null
  #isStored = true
  #refreshing: Promise<string | null> | null = null

  constructor({ api, storage, storageKey, cookies, onError }: SessionOptions) {
    this.#api = api
    this.#storage = storage
    this.#key = storageKey
    this.#cookies = cookies
    this.#changes = new Emitter(onError)
    this.#current = this.#load()
    globalThis.addEventListener?.('storage', this.#otherTabWrote)
  }

  get user(): FocusUser | null {
    return this.#current?.user ?? null
  }

  get isSignedIn(): boolean {
    return this.#current !== null
  }

  /** The token of the moment, expired or not. */
  get currentToken(): string | null {
    return this.#current?.access ?? null
  }

  /** Told when somebody signs in or out, here or in another tab; not when tokens are merely renewed. */
  onChange(listener: (user: FocusUser | null) => void, options?: ListenOptions): () => void {
    return this.#changes.add(listener, options)
  }

  /** Takes over what a sign-in answered. @throws FocusClientError `invalid_response` */
  adopt(tokens: TokenResponse): void {
    this.#write(sessionOf(tokens, null))
  }

  clear(): void {
    this.#write(null)
  }

  /** @throws FocusClientError `network_error` and what the refresh route refuses with, other than a session that ended */
  async get(): Promise<string | null> {
    const current = this.#current
    if (!current) return null
    const isGood = current.expiresAt === null || current.expiresAt - marginMs > Date.now()
    return isGood ? current.access : this.renew(current.access)
  }

  /** @throws as `get` */
  async renew(rejected: string): Promise<string | null> {
    if (this.#current && this.#current.access !== rejected) return this.#current.access
    return this.#refreshOnce(rejected)
  }

  /** Finds the session that a cookie keeps, where there is none in the storage. @throws as `get` */
  async restore(): Promise<void> {
    if (this.#cookies && !this.#current) await this.#refreshOnce(null)
  }

  close(): void {
    globalThis.removeEventListener?.('storage', this.#otherTabWrote)
  }

  #refreshOnce(rejected: string | null): Promise<string | null> {
    this.#refreshing ??= withTabLock(`${this.#key}:refresh`, () => this.#refresh(rejected)).finally(() => {
      this.#refreshing = null
    })
    return this.#refreshing
  }

  async #refresh(rejected: string | null): Promise<string | null> {
    // While this tab waited, another one may have done it.
    if (this.#isStored) this.#become(this.#load())
    const before = this.#current
    if (this.currentToken !== rejected) return this.currentToken
    const body = this.#cookies ? {} : before?.refresh && { refresh_token: before.refresh }
    if (!body) {
      this.clear()
      return null
    }
    try {
      const tokens = await this.#api.request<TokenResponse>('/auth/refresh', { method: 'POST', body, timeoutMs })
      // Signed out, or in as somebody else, while the answer was on its way: that decides.
      if (this.currentToken === rejected) this.#write(sessionOf(tokens, before))
    } catch (error) {
      if (!endsSession(error)) throw error
      if (this.currentToken === rejected) this.clear()
    }
    return this.currentToken
  }

  #write(next: StoredSession | null): void {
    this.#save(next)
    this.#become(next)
  }

  #become(next: StoredSession | null): void {
    const before = this.#current
    this.#current = next
    const isSame = before?.user?.id === next?.user?.id && (before === null) === (next === null)
    if (!isSame) this.#changes.emit(this.user)
  }

  #load(): StoredSession | null {
    try {
      const value: unknown = JSON.parse(this.#storage.getItem(this.#key) ?? 'null')
      return isStoredSession(value) ? value : null
    } catch {
      return null
    }
  }

  #save(session: StoredSession | null): void {
    try {
      if (session) this.#storage.setItem(this.#key, JSON.stringify(session))
      else this.#storage.removeItem(this.#key)
      this.#isStored = true
    } catch {
      // A full or forbidden storage: the session lives on in memory, until the page is left.
      this.#isStored = false
    }
  }

  readonly #otherTabWrote = (event: StorageEvent) => {
    // A null key is `clear()`.
    if (event.key === this.#key || event.key === null) this.#become(this.#load())
  }
}

/** @param before the session that is renewed, whose refresh token and user stay unless the answer brings others */
function sessionOf(tokens: TokenResponse, before: StoredSession | null): StoredSession {
  if (typeof tokens?.access_token !== 'string') {
    throw new FocusClientError('invalid_response', 'The answer of the sign-in holds no access_token.')
  }
  return {
    access: tokens.access_token,
    refresh: tokens.refresh_token ?? before?.refresh ?? null,
    expiresAt: tokens.expires_in === undefined ? null : Date.now() + tokens.expires_in * 1000,
    user: tokens.user ? toUser(tokens.user) : (before?.user ?? null),
  }
}

/** A refusal that no later try can change. A missing route is one too: the server does not know how to renew. */
function endsSession(error: unknown): boolean {
  if (!(error instanceof FocusClientError)) return false
  const { status = 0, code } = error
  return status >= 400 && status < 500 && status !== 408 && status !== 429 && code !== 'origin_not_allowed'
}

function isStoredSession(value: unknown): value is StoredSession {
  return typeof value === 'object' && value !== null && 'access' in value && typeof value.access === 'string'
}
