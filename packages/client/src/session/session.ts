import { Emitter, type ErrorSink, type ListenOptions } from '../emitter.ts'
import { backoffMs } from '../backoff.ts'
import { FocusClientError, isRefusal } from '../errors.ts'
import type { Api } from '../http.ts'
import type { TokenResponse } from '../protocol.ts'
import { textField } from '../text-field.ts'
import { type FocusUser, toUser } from '../user.ts'
import { SignOuts } from './sign-outs.ts'
import { withTabLock } from './tab-lock.ts'
import type { TokenStorage } from './token-storage.ts'

/** Tokens with a shorter remaining lifetime are renewed before use. */
const marginMs = 30_000

/** Time limit of a refresh. Other tabs wait for it. */
const timeoutMs = 10_000

/** Source of access tokens for requests and connections. */
export interface AccessTokens {
  /** Returns a token that stays valid for a while; null without a signed-in user. */
  get(): Promise<string | null>
  /**
   * Returns a new token after the refusal of `rejected`; null if there is none.
   *
   * @param isFinal whether the server itself refused the token; a session without a refresh token then ends
   */
  renew(rejected: string, isFinal: boolean): Promise<string | null>
}

interface StoredSession {
  readonly access: string
  readonly refresh: string | null
  /** Milliseconds of this device's clock, so that a wrong clock has no effect; null if unknown. */
  readonly expiresAt: number | null
  readonly user: FocusUser | null
}

export interface SessionOptions {
  readonly api: Api
  readonly storage: TokenStorage
  /** Storage for unfinished sign-outs. It outlives the page if the session does. */
  readonly signOutStorage: TokenStorage
  readonly storageKey: string
  /** Whether the refresh token is in an `HttpOnly` cookie. */
  readonly cookies: boolean
  readonly onError: ErrorSink
}

/** The signed-in user and the tokens, in this tab and in all tabs that share the storage. */
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
  /** Number of sign-outs. Answers to requests of an earlier generation do not sign a user in. */
  #generation = 0
  #failures = 0
  /** Error of the last failed refresh, and the time of the next permitted one. */
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

  /** The current token, which may have expired. */
  get currentToken(): string | null {
    return this.#current?.access ?? null
  }

  /** Calls the listener after each sign-in and sign-out, here or in another tab. A renewed token is not a change. */
  onChange(listener: (user: FocusUser | null) => void, options?: ListenOptions): () => void {
    return this.#changes.add(listener, options)
  }

  /** See `adopt`. */
  get generation(): number {
    return this.#generation
  }

  /**
   * Stores the session of a sign-in.
   *
   * @param generation generation at the request; if the user signed out since then, the new session is ended instead
   * @throws FocusClientError `invalid_response`
   */
  adopt(tokens: TokenResponse, generation = this.#generation): void {
    const session = sessionOf(tokens, null)
    this.#refused = null
    if (generation === this.#generation) {
      this.#signOuts.cookieReplaced()
      this.#write(session)
    } else {
      this.#signOuts.add({ ...session, everywhere: false })
      void this.#signOuts.finish()
    }
  }

  /** Ends the session here immediately, and on the server as soon as it is reachable. Never rejects. */
  signOut(everywhere: boolean): Promise<void> {
    const session = this.#current
    this.#generation += 1
    // First both entries of the storage, then the listeners, which may read it.
    this.#save(null)
    if (session || this.#cookies) this.#signOuts.add({ access: session?.access, refresh: session?.refresh, everywhere })
    this.#become(null)
    return this.#signOuts.finish()
  }

  /** Finishes sign-outs of earlier pages. Call it before a new sign-in. Never rejects. */
  finishSignOuts(): Promise<void> {
    return this.#signOuts.finish()
  }

  /**
   * @throws FocusClientError `network_error`, and the errors of a refresh that do not end the session. A later call tries
   * again.
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

  /** Restores the session of a cookie. @throws as `get` */
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
      // During the wait, another tab may have renewed or ended the session.
      if (this.#isStored) this.#become(this.#load())
      if (this.#isEnded) this.#become(null)
      return this.currentToken === rejected && !this.#isEnded
    }
    if (!isCurrent()) return this.currentToken
    const before = this.#current
    const generation = this.#generation
    const body = before?.refresh && !this.#cookies ? { refresh_token: before.refresh } : {}
    try {
      const tokens = await this.#api.request<TokenResponse>('/auth/refresh', { method: 'POST', body, timeoutMs })
      const renewed = sessionOf(tokens, before)
      this.#refused = null
      this.#failures = 0
      // A sign-out or another sign-in during the request wins.
      if (isCurrent() && generation === this.#generation) this.#write(renewed)
    } catch (error) {
      if (!endsSession(error, this.#cookies)) {
        this.#delayNextRefresh(error)
        throw error
      }
      if (isCurrent()) this.#write(null)
    }
    return this.currentToken
  }

  /** Whether the session of the cookie has an unfinished sign-out, and must not be restored. */
  get #isEnded(): boolean {
    return this.#cookies && this.#signOuts.isPending
  }

  /** Delays the next refresh after an error of the server. Without a network, a try costs the server nothing. */
  #delayNextRefresh(error: unknown): void {
    if (!(error instanceof FocusClientError) || error.code === 'network_error') return
    const waitMs = error.retryAfterMs ?? backoffMs(this.#failures)
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
      return textField(value, 'access') === undefined ? null : (value as StoredSession)
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
      // The storage is full or forbidden: the session stays in memory, and ends with the page.
      this.#isStored = false
    }
  }

  readonly #otherTabWrote = ({ key, newValue }: StorageEvent) => {
    // A null key is `clear()`.
    if (key === this.#key || key === null) this.#become(this.#load())
    // With cookie delivery, the tabs share no other entry.
    if (key === this.#signOuts.key && newValue !== null && this.#cookies) {
      this.#generation += 1
      this.#become(null)
    }
  }
}

/** @param before the renewed session; its refresh token and user stay unless the answer has new ones */
function sessionOf(tokens: TokenResponse, before: StoredSession | null): StoredSession {
  // Captive portals answer with JSON too.
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
 * Returns whether the server itself refused the grant. With cookie delivery, `invalid_request` means that the cookie is
 * missing.
 */
function endsSession(error: unknown, cookies: boolean): boolean {
  return isRefusal(error, 'invalid_grant', 'user_disabled', ...(cookies ? ['invalid_request'] : []))
}
