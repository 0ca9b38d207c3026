import { Emitter, type ErrorSink, type ListenOptions } from '../emitter.ts'
import { backoffMs } from '../backoff.ts'
import { FocusClientError, isRefusal } from '../errors.ts'
import type { Api } from '../http.ts'
import type { TokenResponse } from '../protocol.ts'
import { type FocusUser, toUser } from '../user.ts'
import { SignOuts } from './sign-outs.ts'
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
  /**
   * Another one, because `rejected` was refused; null when there is none.
   *
   * @param isFinal the server itself refused it: a session that cannot be renewed has ended by that
   */
  renew(rejected: string, isFinal: boolean): Promise<string | null>
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
  /** Of sign-outs that are not finished; one that outlives the page where the session does. */
  readonly signOutStorage: TokenStorage
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
  readonly #signOuts: SignOuts
  #current: StoredSession | null
  #isStored = true
  #refreshing: Promise<string | null> | null = null
  /** Grows with every sign-out: answers to earlier requests sign nobody in. */
  #era = 0
  #failures = 0
  /** The last refresh that the server did not serve, and until when there is no other. */
  #refused: { readonly error: unknown; readonly until: number } | null = null

  constructor({ api, storage, signOutStorage, storageKey, cookies, onError }: SessionOptions) {
    this.#api = api
    this.#storage = storage
    this.#key = storageKey
    this.#cookies = cookies
    this.#changes = new Emitter(onError)
    this.#signOuts = new SignOuts({ api, storage: signOutStorage, storageKey, cookies })
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

  /** See `adopt`. */
  get era(): number {
    return this.#era
  }

  /**
   * Takes over what a sign-in answered.
   *
   * @param era of when it was asked: after a sign-out since then it is ended instead
   * @throws FocusClientError `invalid_response`
   */
  adopt(tokens: TokenResponse, era = this.#era): void {
    const session = sessionOf(tokens, null)
    this.#refused = null
    if (era === this.#era) {
      this.#signOuts.replaced()
      this.#write(session)
    } else {
      this.#signOuts.add({ ...session, everywhere: false })
      void this.#signOuts.finish()
    }
  }

  /** Ends the session here at once, and on the server as soon as that can be reached. Never rejects. */
  signOut(everywhere: boolean): Promise<void> {
    const session = this.#current
    this.#era += 1
    // First both entries of the storage, then the listeners, which may look into it.
    this.#save(null)
    if (session || this.#cookies) this.#signOuts.add({ access: session?.access, refresh: session?.refresh, everywhere })
    this.#become(null)
    return this.#signOuts.finish()
  }

  /** Finishes sign-outs of earlier pages: before anything else signs in. Never rejects. */
  finishSignOuts(): Promise<void> {
    return this.#signOuts.finish()
  }

  /**
   * @throws FocusClientError `network_error`, and all that the refresh was answered with other than that the session has
   * ended. Then the session stays, and a later call tries again.
   */
  async get(): Promise<string | null> {
    const current = this.#current
    if (!current) return null
    const leftMs = (current.expiresAt ?? Infinity) - Date.now()
    if (leftMs > marginMs) return current.access
    try {
      return (await this.renew(current.access, leftMs <= 0)) ?? this.currentToken
    } catch (error) {
      if (leftMs > 0) return this.currentToken
      throw error
    }
  }

  /** @throws as `get` */
  async renew(rejected: string, isFinal: boolean): Promise<string | null> {
    // Another tab may have renewed it.
    if (this.#isStored) this.#become(this.#load())
    const current = this.#current
    if (current?.access !== rejected) return this.currentToken
    if (this.#cookies || current.refresh !== null) return this.#refreshOnce(rejected)
    if (isFinal) this.#write(null)
    return null
  }

  /** Finds the session that a cookie keeps, where there is none in the storage. @throws as `get` */
  async restore(): Promise<void> {
    if (this.#cookies && !this.#current) await this.#refreshOnce(null)
  }

  close(): void {
    this.#signOuts.close()
    globalThis.removeEventListener?.('storage', this.#otherTabWrote)
  }

  async #refreshOnce(rejected: string | null): Promise<string | null> {
    if (this.#refused && performance.now() < this.#refused.until) throw this.#refused.error
    this.#refreshing ??= withTabLock(`${this.#key}:refresh`, () => this.#refresh(rejected)).finally(() => {
      this.#refreshing = null
    })
    return this.#refreshing
  }

  async #refresh(rejected: string | null): Promise<string | null> {
    const isCurrent = () => {
      // While this tab waited, another one may have renewed or ended it.
      if (this.#isStored) this.#become(this.#load())
      if (this.#isEnded) this.#become(null)
      return this.currentToken === rejected && !this.#isEnded
    }
    if (!isCurrent()) return this.currentToken
    const before = this.#current
    const era = this.#era
    const body = before?.refresh && !this.#cookies ? { refresh_token: before.refresh } : {}
    try {
      const tokens = await this.#api.request<TokenResponse>('/auth/refresh', { method: 'POST', body, timeoutMs })
      const renewed = sessionOf(tokens, before)
      this.#refused = null
      this.#failures = 0
      // Signed out, or in as somebody else, while the answer was on its way: that decides.
      if (isCurrent() && era === this.#era) this.#write(renewed)
    } catch (error) {
      if (!endsSession(error, this.#cookies)) {
        this.#holdOff(error)
        throw error
      }
      if (isCurrent()) this.#write(null)
    }
    return this.currentToken
  }

  /** A session that a cookie keeps is not taken up again while its sign-out is not finished. */
  get #isEnded(): boolean {
    return this.#cookies && this.#signOuts.isPending
  }

  /** Spares a server that answers without serving; that there is no network is worth a try at any time. */
  #holdOff(error: unknown): void {
    if (!(error instanceof FocusClientError) || error.code === 'network_error') return
    const waitMs = error.retryAfterMs ?? backoffMs(this.#failures, Math.random())
    this.#failures += 1
    this.#refused = { error, until: performance.now() + waitMs }
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

  readonly #otherTabWrote = ({ key, newValue }: StorageEvent) => {
    // A null key is `clear()`.
    if (key === this.#key || key === null) this.#become(this.#load())
    // With cookie delivery the tabs share nothing else.
    if (key === this.#signOuts.key && newValue !== null && this.#cookies) {
      this.#era += 1
      this.#become(null)
    }
  }
}

/** @param before the session that is renewed, whose refresh token and user stay unless the answer brings others */
function sessionOf(tokens: TokenResponse, before: StoredSession | null): StoredSession {
  // A captive portal answers JSON too.
  if (typeof tokens?.access_token !== 'string') {
    throw new FocusClientError('invalid_response', 'The answer has no access_token.')
  }
  return {
    access: tokens.access_token,
    refresh: tokens.refresh_token ?? before?.refresh ?? null,
    expiresAt: tokens.expires_in === undefined ? null : Date.now() + tokens.expires_in * 1000,
    user: tokens.user ? toUser(tokens.user) : (before?.user ?? null),
  }
}

/**
 * Whether a refresh was refused for good: by the server itself, because of the grant. Without the cookie that would carry the
 * token there is no grant either.
 */
function endsSession(error: unknown, cookies: boolean): boolean {
  return isRefusal(error, 'invalid_grant', 'user_disabled', ...(cookies ? ['invalid_request'] : []))
}

function isStoredSession(value: unknown): value is StoredSession {
  return typeof value === 'object' && value !== null && 'access' in value && typeof value.access === 'string'
}
