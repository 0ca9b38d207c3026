import type { ErrorSink, ListenOptions } from './emitter.ts'
import { reportUncaught } from './emitter.ts'
import { Api } from './http.ts'
import { languageTag } from './locale.ts'
import type { TokenResponse } from './protocol.ts'
import type { SocketAuth } from './realtime/connection/connection.ts'
import { Inbox } from './realtime/inbox/inbox.ts'
import { Notifications } from './realtime/notifications.ts'
import type { Position } from './realtime/position.ts'
import { authorizedFetch } from './session/authorized-fetch.ts'
import { type AccessTokenSource, givenTokens } from './session/given-tokens.ts'
import { RedirectSignIn, type SignInOptions } from './session/redirect-sign-in.ts'
import { type AccessTokens, Session } from './session/session.ts'
import { browserStorage, memoryStorage, type TokenStorage } from './session/token-storage.ts'
import type { FocusUser } from './user.ts'

/** Options of `createFocusClient`. */
export interface FocusClientOptions {
  /** The API's base address. `/api` of the page's own origin when absent; needed outside of browsers. */
  readonly url?: string | URL
  /**
   * Access tokens from elsewhere: a token, or a function that gives one that is good now. The client then neither signs in
   * nor refreshes.
   */
  readonly token?: AccessTokenSource
  /** Where tokens outlive the page: `localStorage` when absent, memory alone with `null` and with cookie delivery. */
  readonly storage?: TokenStorage | null
  /**
   * How the server hands out refresh tokens, as it is set there: `body` when absent; with `cookie` no script ever sees one,
   * and `completeSignIn()` finds the session again after a reload.
   */
  readonly refreshDelivery?: 'body' | 'cookie'
  /** Name of the entry in the storage; `focus` when absent. Two clients of one page for two servers need two names. */
  readonly storageKey?: string
  /** Language of the server's texts and of the notification centre, such as `fr` or `en`. */
  readonly locale?: string
  /** Topics to receive; everything when absent. */
  readonly events?: readonly string[]
  /** Where to go on receiving, from an earlier `notifications.position`. */
  readonly position?: Position
  /** How the connection authenticates; `message` when absent. */
  readonly socketAuth?: SocketAuth
  readonly fetch?: typeof globalThis.fetch
  /** For runtimes without a global one. */
  readonly WebSocket?: typeof globalThis.WebSocket
  /** Told of what a listener threw; reported like any uncaught exception when absent. */
  readonly onError?: ErrorSink
}

/** Options of `signOut`. */
export interface SignOutOptions {
  /** Ends all of the person's sessions, on every device. */
  readonly everywhere?: boolean
}

/** A person's sign-in and notifications. Make one per page with `createFocusClient()`. */
export interface FocusClient {
  /** Who is signed in; null when nobody is, and when the tokens came without a person. */
  readonly user: FocusUser | null
  readonly isSignedIn: boolean
  readonly locale: string | undefined
  readonly notifications: Notifications
  /**
   * Leaves the page for the provider's sign-in; the page that it ends with calls `completeSignIn()`.
   *
   * @throws FocusClientError `invalid_option` outside of browsers
   */
  signIn(provider: string, options?: SignInOptions): Promise<void>
  /**
   * Ends a sign-in that came back to this page, and cleans the address. Without one it answers who is signed in already:
   * call it at every start of the page.
   *
   * @throws FocusClientError `access_denied`, `invalid_grant`, `network_error` and the other codes of a refused sign-in
   */
  completeSignIn(options?: ListenOptions): Promise<FocusUser | null>
  /** Takes over a session that was begun elsewhere, such as the answer of the callback. */
  adoptSession(tokens: TokenResponse): void
  /**
   * Ends the session: here at once, on the server as soon as that can be reached, also by a later page. Until then nothing
   * takes the session up again. Resolves after the first try; never rejects.
   */
  signOut(options?: SignOutOptions): Promise<void>
  /** Told when somebody signs in or out, in this tab or another. The answer stops it. */
  onAuthChange(listener: (user: FocusUser | null) => void, options?: ListenOptions): () => void
  /** An access token that is good for a while, for calls of your own; null when nobody is signed in. */
  accessToken(): Promise<string | null>
  /**
   * `fetch` with the person's token, for routes of your own server behind `requireUser`. Refreshes and repeats after a 401.
   * Relative addresses are of the API's origin; other origins never see the token.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** Disconnects and lets go of the page. */
  close(): void
}

/**
 * Makes a client. Nothing is sent before it is asked to; it can be made where pages are rendered, too.
 *
 * @example
 * ```ts
 * const focus = createFocusClient()
 * await focus.completeSignIn()
 * if (!focus.isSignedIn) await focus.signIn('google')
 *
 * focus.notifications.on('notification', ({ title, message }) => show(title, message))
 * focus.notifications.connect()
 * ```
 */
export function createFocusClient(options: FocusClientOptions = {}): FocusClient {
  const onError = guarded(options.onError ?? reportUncaught)
  const storageKey = options.storageKey ?? 'focus'
  const locale = languageTag(options.locale)
  const cookies = options.refreshDelivery === 'cookie'
  const api = new Api({
    url: options.url?.toString(),
    // A method of `window`, which must not be called on anything else.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    locale,
    cookies,
  })
  const inMemory = options.storage === null || (cookies && options.storage === undefined)
  const storage = inMemory ? memoryStorage() : (options.storage ?? browserStorage('localStorage'))
  // A cookie outlives the page, and so does the memory of having signed out.
  const signOutStorage = options.storage ?? (cookies ? browserStorage('localStorage') : storage)
  const session = new Session({ api, storage, signOutStorage, storageKey, cookies, onError })
  const redirect = new RedirectSignIn(api, session, storageKey)
  const tokens: AccessTokens = options.token === undefined ? session : givenTokens(options.token)
  const notifications = new Notifications({
    inbox: new Inbox(api, tokens),
    tokens,
    socketAuth: options.socketAuth ?? 'message',
    WebSocket: options.WebSocket,
    events: options.events,
    position: options.position,
    userId: session.user?.id,
    onError,
    socketUrl: () => new URL(`${api.base.replace(/^http/, 'ws')}/ws/notifications`),
  })
  if (options.token === undefined)
    session.onChange((user) => notifications.userChanged(session.isSignedIn, user?.id ?? null))

  return {
    notifications,
    locale,
    get user() {
      return session.user
    },
    get isSignedIn() {
      return options.token !== undefined || session.isSignedIn
    },
    signIn: (provider, signInOptions = {}) => redirect.begin(provider, signInOptions),
    async completeSignIn({ signal } = {}) {
      await session.finishSignOuts()
      await redirect.complete(signal)
      await session.restore()
      return session.user
    },
    adoptSession: (response) => session.adopt(response),
    async signOut({ everywhere = false } = {}) {
      redirect.forget()
      await session.signOut(everywhere)
    },
    onAuthChange: (listener, listenOptions) => session.onChange(listener, listenOptions),
    async accessToken() {
      return tokens.get()
    },
    fetch: (input, init) => authorizedFetch(api, tokens, input, init),
    close() {
      notifications.close()
      session.close()
    },
  }
}

/** An error sink that throws has nobody left to tell; the connection must not be what suffers. */
function guarded(sink: ErrorSink): ErrorSink {
  return (error) => {
    try {
      sink(error)
    } catch (failure) {
      reportUncaught(failure)
    }
  }
}
