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
import { type AccessTokenSource, externalTokens } from './session/external-tokens.ts'
import { RedirectSignIn, type SignInOptions } from './session/redirect-sign-in.ts'
import { type AccessTokens, Session } from './session/session.ts'
import { browserStorage, memoryStorage, type TokenStorage } from './session/token-storage.ts'
import type { FocusUser } from './user.ts'

/** Options of `createFocusClient`. */
export interface FocusClientOptions {
  /** Base address of the API. Default: `/api` on the page's origin. Required outside of browsers. */
  readonly url?: string | URL
  /**
   * Access tokens of another source: a token, or a function that returns a valid one. The client then neither signs in nor
   * refreshes tokens.
   */
  readonly token?: AccessTokenSource
  /** Storage for tokens. Default: `localStorage`. Tokens stay in memory with `null`, and with cookie delivery. */
  readonly storage?: TokenStorage | null
  /**
   * How the server delivers refresh tokens; must match the server's setting. Default: `body`. With `cookie`, scripts
   * cannot read the refresh token, and `completeSignIn()` restores the session after a reload.
   */
  readonly refreshDelivery?: 'body' | 'cookie'
  /** Name of the entry in the storage. Default: `focus`. Two clients on one page for two servers need two names. */
  readonly storageKey?: string
  /** Language of the server's texts and of the notification centre, such as `fr` or `en`. */
  readonly locale?: string
  /** Topics to receive. Default: all. */
  readonly events?: readonly string[]
  /** Position to resume from: an earlier `notifications.position`. */
  readonly position?: Position
  /** How the connection authenticates. Default: `message`. */
  readonly socketAuth?: SocketAuth
  readonly fetch?: typeof globalThis.fetch
  /** WebSocket class for runtimes without a global one. */
  readonly WebSocket?: typeof globalThis.WebSocket
  /** Receives errors that listeners throw. Default: reported like an uncaught exception. */
  readonly onError?: ErrorSink
}

/** Options of `signOut`. */
export interface SignOutOptions {
  /** Ends all sessions of the user, on every device. */
  readonly everywhere?: boolean
}

/** The user's sign-in and notifications. Create one per page with `createFocusClient()`. */
export interface FocusClient {
  /** The signed-in user; null without one, and if the tokens came without user data. */
  readonly user: FocusUser | null
  readonly isSignedIn: boolean
  readonly locale: string | undefined
  readonly notifications: Notifications
  /**
   * Navigates to the provider's sign-in. The page to which it returns calls `completeSignIn()`.
   *
   * @throws FocusClientError `invalid_option` outside of browsers
   */
  signIn(provider: string, options?: SignInOptions): Promise<void>
  /**
   * Completes a sign-in that returned to this page, and removes its code from the address. Without a code, it resolves with
   * the user who is already signed in. Call it whenever the page loads.
   *
   * @throws FocusClientError `access_denied`, `invalid_grant`, `network_error`, and other codes of a refused sign-in
   */
  completeSignIn(options?: ListenOptions): Promise<FocusUser | null>
  /** Stores a session that was started another way, such as the answer of the callback. */
  adoptSession(tokens: TokenResponse): void
  /**
   * Ends the session: on this page immediately, on the server as soon as it is reachable, if necessary from a later page.
   * Nothing restores the session before that. Resolves after the first try, and never rejects.
   */
  signOut(options?: SignOutOptions): Promise<void>
  /** Calls the listener after each sign-in and sign-out, in this tab or another. Returns the function that removes it. */
  onAuthChange(listener: (user: FocusUser | null) => void, options?: ListenOptions): () => void
  /** Returns an access token that stays valid for a while, for your own calls; null without a signed-in user. */
  accessToken(): Promise<string | null>
  /**
   * `fetch` with the user's token, for your own routes with `requireUser`. After a 401 it renews the token and repeats the
   * request. Relative addresses belong to the API's origin. Other origins never receive the token.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** Disconnects, and removes all listeners and timers. */
  close(): void
}

/**
 * Creates a client. It sends nothing until you call a method, so you can also create it where pages are rendered.
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
    // `fetch` is a method of `window` and fails on another receiver.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    locale,
    cookies,
  })
  const inMemory = options.storage === null || (cookies && options.storage === undefined)
  const storage = inMemory ? memoryStorage() : (options.storage ?? browserStorage('localStorage'))
  // A cookie outlives the page, so unfinished sign-outs must outlive it too.
  const signOutStorage = options.storage ?? (cookies ? browserStorage('localStorage') : storage)
  const session = new Session({ api, storage, signOutStorage, storageKey, cookies, onError })
  const redirect = new RedirectSignIn(api, session, storageKey)
  const { token } = options
  const tokens: AccessTokens = token === undefined ? session : externalTokens(token)
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
  if (token === undefined) session.onChange((user) => notifications.userChanged(session.isSignedIn, user?.id ?? null))

  return {
    notifications,
    locale,
    get user() {
      return session.user
    },
    get isSignedIn() {
      return token !== undefined || session.isSignedIn
    },
    signIn: (provider, signInOptions = {}) => redirect.start(provider, signInOptions),
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
    accessToken: () => tokens.get(),
    fetch: (input, init) => authorizedFetch(api, tokens, input, init),
    close() {
      notifications.close()
      session.close()
    },
  }
}

/** Keeps an error sink that throws from breaking the connection. */
function guarded(sink: ErrorSink): ErrorSink {
  return (error) => {
    try {
      sink(error)
    } catch (failure) {
      reportUncaught(failure)
    }
  }
}
