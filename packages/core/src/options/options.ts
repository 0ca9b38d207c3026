import type { Provider } from '../auth/providers/provider.ts'
import type { User, UserDirectory } from '../auth/accounts/user-directory-port.ts'
import type { Duration } from '../schema/duration.ts'
import type { Definitions } from '../notifications/catalogue/definition.ts'
import type { BudgetName } from '../admission/budgets.ts'
import type { RealtimeLimits } from '../realtime/realtime-limits.ts'
import type { Logger } from '../common/logging/logger.ts'
import type { Clock, RandomSource } from '../common/runtime.ts'
import type { AnyKysely } from '../storage/dialects/any-kysely.ts'
import type { RoutingOptions } from '../transports/routing/transport-router.ts'
import type { Transport } from '../transports/transport.ts'
import type { JWK } from 'jose'

/**
 * What `createFocus` takes. Everything is optional; what is not given here is read from the environment, and what is not
 * there has a default that suits one process with SQLite on this machine. `docs/environment.md` lists all of it.
 */
export interface FocusOptions<Catalogue extends Definitions = Definitions> {
  /** Where the tables live: `sqlite:focus.db` (default), `mysql://user:password@host/name`, or the application's Kysely. */
  readonly database?: string | AnyKysely
  /** `redis://host:6379`; checked by `focus doctor`, and not used by this version. `REDIS_URL`. */
  readonly redis?: string
  /** Encrypts what is kept at rest; at least 32 characters, several for rotation, the newest first. `FOCUS_SECRET`. */
  readonly secret?: string | readonly string[]
  /** Opens the admin routes; they are closed without one. `FOCUS_ADMIN_KEY`. */
  readonly adminKey?: string
  /** Where browsers reach the server, such as `https://app.example`. `FOCUS_PUBLIC_URL`. */
  readonly publicUrl?: string
  /** Port of the server on this machine, for addresses made while there is no public URL. `PORT`, 8000. */
  readonly port?: number
  /** The path that all routes are below; `/api` when absent. */
  readonly basePath?: string
  /** Origins of pages that may call the routes and open the WebSocket. `FOCUS_ALLOWED_ORIGINS`. */
  readonly allowedOrigins?: readonly string[]
  /** Origins and paths that a sign-in may return to. `FOCUS_RETURN_TO`. */
  readonly returnTo?: readonly string[]
  /** Language of texts for people whose own is not known: `fr` (default) or `en`. `FOCUS_LOCALE`. */
  readonly locale?: 'fr' | 'en'
  readonly oauth?: {
    /** Sign-in as a whole; on when a provider is configured. `OAUTH_ENABLED`. */
    readonly enabled?: boolean
    /** Refuses callbacks without `iss` (RFC 9207). Off, because the guide's browser code does not forward it. */
    readonly requireIss?: boolean
    /**
     * Where browsers keep the refresh token of a sign-in by navigation: given to the page (`body`, the default) or in an
     * HttpOnly cookie that no script reads (`cookie`).
     */
    readonly refreshDelivery?: 'body' | 'cookie'
  }
  /** Google as sign-in provider. `GOOGLE_CLIENT_ID`, `GOOGLE_CLIENT_SECRET`, `GOOGLE_REDIRECT_URI`. */
  readonly google?: {
    readonly clientId?: string
    readonly clientSecret?: string
    /** Exactly as registered with Google; `<public URL>/api/auth/google/callback` when absent. */
    readonly redirectUri?: string
    /** Another issuer in Google's place: the development provider, or a test's. */
    readonly issuer?: string
  }
  /** Further sign-in providers: `oidc()`, `github()`, or `google()` with settings of its own. */
  readonly providers?: readonly Provider[]
  /** The application's own users table; `focus_users` when absent. */
  readonly users?: UserDirectory
  /**
   * Access tokens. EdDSA keys in the database, made and rotated by the nodes themselves, unless `secret`, `keys` or
   * `jwksUri` says otherwise.
   */
  readonly tokens?: {
    /** `iss` of our tokens: the public URL, or `focus`. With `jwksUri` required: who issues the tokens. */
    readonly issuer?: string
    /** `aud` of our tokens, `focus`. With `jwksUri` required: one or several of which a token must name one. */
    readonly audience?: string | readonly string[]
    /** HS256 with this secret of at least 32 characters, several for rotation. Who verifies can then also issue. */
    readonly secret?: string | readonly string[]
    /** Private JWKs of the application's own, the signing one first. */
    readonly keys?: readonly JWK[]
    /** Somebody else's tokens instead of ours, verified with the keys there; there is no sign-in then. */
    readonly jwksUri?: string
    /**
     * The scopes of a user's access tokens, for `requireUser(focus, { scopes })`; looked up whenever a token is issued, so that a
     * change holds from the next refresh on.
     */
    readonly scopes?: (user: User) => readonly string[] | Promise<readonly string[]>
    /**
     * With `jwksUri`: the header `typ` that tokens must have, `at+jwt` when absent (RFC 9068), so that an ID token is no access
     * token. `JWT` for issuers such as Auth0 or Firebase; `false` for issuers that set none. The audience alone then tells
     * access tokens from ID tokens.
     */
    readonly typ?: string | false
    /** With `jwksUri`: the claim that holds the user's id; `sub` when absent. */
    readonly userIdClaim?: string
    /** How long an access token lives, 60 to 86,400. `FOCUS_ACCESS_TTL`, 3600. */
    readonly accessTtlSeconds?: number
    /** Seconds without a refresh after which a session ends; 30 days when absent. */
    readonly idleTtlSeconds?: number
    /** Seconds after its sign-in when a session ends, however busy it is; 180 days when absent. */
    readonly sessionTtlSeconds?: number
  }
  readonly websocket?: {
    /** `WEBSOCKET_ENABLED`, on. */
    readonly enabled?: boolean
    /** Seconds between heartbeats, 1 to 3600. `WEBSOCKET_HEARTBEAT_INTERVAL`, 30. */
    readonly heartbeatIntervalSeconds?: number
    /** What one client, one user and one node may use; `PROTOCOL.md` lists them with their defaults. */
    readonly limits?: Partial<RealtimeLimits>
  }
  /** Who may read `GET /ws/stats`: the admin key (default) or everybody. `FOCUS_STATS`. */
  readonly stats?: 'admin' | 'public'
  /**
   * Addresses and CIDR ranges of the reverse proxies in front; `loopback`, `private`, and `unix` for peers without an
   * address. `FOCUS_TRUSTED_PROXIES`.
   */
  readonly trustedProxies?: readonly string[]
  /** What one address, one user and one process may ask for; `false` switches these limits off. */
  readonly rateLimits?:
    | false
    | {
        /** Whether clients on this machine go free; they do unless there is a public URL. */
        readonly exemptLoopback?: boolean
        /** Instead of the defaults, which `docs/limits.md` lists. */
        readonly perMinute?: Partial<Record<BudgetName, number>>
        /** The same for all clients of the process together. */
        readonly perProcess?: Partial<Record<BudgetName, number>>
        /** Units of one user over all routes, streams and sockets: at once, and coming back in a second. */
        readonly perUser?: { readonly capacity?: number; readonly perSecond?: number }
      }
  readonly limits?: {
    /** How long the body of a request may take to arrive: milliseconds, or a text such as `10s`; 10 seconds when absent. */
    readonly bodyTimeout?: Duration
  }
  readonly notifications?: {
    /** Ids that the user directory does not know are refused as `unknown_user` (default), or get a stream all the same. */
    readonly unknownUsers?: 'refuse' | 'accept'
    /** Notifications kept per person, and broadcasts; 1,000 when absent. What is beyond is removed, oldest first. */
    readonly maxPerUser?: number
    /** How long notifications are kept: milliseconds, or a text such as `30d`; `90d` when absent. */
    readonly maxAge?: Duration
  }
  /**
   * Where else notifications go: `slack()`, `email()`, `webPush()`, `webhook()`, `log()` of `@focus-api/core/transports`, or
   * transports of the application's own. `SLACK_WEBHOOK` and `SMTP_URL` add one each.
   */
  readonly transports?: readonly Transport[]
  /** Which transports a notification goes to when it does not say so itself; all of them when absent. */
  readonly routing?: RoutingOptions
  /** The application's own notifications, made by `defineNotifications`, beside the built-in ones. */
  readonly catalogue?: Catalogue
  /**
   * Where Focus writes what an operator may want to know; pino, winston and `console` fit. Without one, warnings and errors
   * go to stderr, one line each; `false` writes nothing.
   */
  readonly logger?: Logger | false
  readonly clock?: Clock
  readonly random?: RandomSource
  readonly fetch?: typeof globalThis.fetch
  /** Read instead of `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>
}
