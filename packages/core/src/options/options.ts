import type { Provider } from '../auth/providers/provider.ts'
import type { User, UserDirectory } from '../auth/accounts/user-directory-port.ts'
import type { Broker } from '../cluster/broker-port.ts'
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
 * The options of `createFocus`. All are optional: an option that is not set here is read from the environment, and else has a
 * default that suits one process with SQLite on this machine. `docs/environment.md` lists options, variables and defaults.
 */
export interface FocusOptions<Catalogue extends Definitions = Definitions> {
  /**
   * The database: `sqlite:focus.db` (default), `mysql://user:password@host/name`, `postgres://user:password@host/name`, or a Kysely
   * instance of the application.
   * `DATABASE_URL`.
   */
  readonly database?: string | AnyKysely
  /**
   * Carries notifications between the processes on one database: `database`, `redis`, `memory` for a single process, or a
   * broker of the application. `redis` when `redis` is set, otherwise `database`. `FOCUS_BROKER`.
   */
  readonly broker?: 'memory' | 'database' | 'redis' | Broker
  /** Name of this process in statistics and connection ids; the host name and a random suffix when absent. `FOCUS_NODE`. */
  readonly node?: string
  /**
   * With PostgreSQL behind a pooler such as pgbouncer: the address of the database itself, where nodes listen for each other.
   * Without it, they poll behind a pooler. `FOCUS_DATABASE_DIRECT_URL`.
   */
  readonly databaseDirectUrl?: string
  /** The Redis of the broker `redis`: `redis://host:6379`, `rediss://…`, Sentinel or Cluster. `REDIS_URL`. */
  readonly redis?: string
  /** Encrypts stored secrets; at least 32 characters. Several for rotation, the newest first. `FOCUS_SECRET`. */
  readonly secret?: string | readonly string[]
  /** Opens the admin routes, which are closed without it; at least 16 characters. `FOCUS_ADMIN_KEY`. */
  readonly adminKey?: string
  /** Where browsers reach the server, such as `https://app.example`. `FOCUS_PUBLIC_URL`. */
  readonly publicUrl?: string
  /** Port of the server, for the addresses that Focus builds while there is no public URL. `PORT`; 8000 when absent. */
  readonly port?: number
  /** Path prefix of all routes; `/api` when absent. */
  readonly basePath?: string
  /** Origins of pages that may call the routes and open the WebSocket. `FOCUS_ALLOWED_ORIGINS`. */
  readonly allowedOrigins?: readonly string[]
  /** Origins and paths that a sign-in may return to. `FOCUS_RETURN_TO`. */
  readonly returnTo?: readonly string[]
  /** Language of texts for users without a known language: `fr` (default) or `en`. `FOCUS_LOCALE`. */
  readonly locale?: 'fr' | 'en'
  readonly oauth?: {
    /** Switches sign-in on or off; on when a provider is configured. `OAUTH_ENABLED`. */
    readonly enabled?: boolean
    /** Refuses callbacks without `iss` (RFC 9207). False when absent, because the guide's browser code does not forward it. */
    readonly requireIss?: boolean
    /**
     * Where browsers keep the refresh token of a sign-in by navigation: in the page (`body`, the default) or in an HttpOnly
     * cookie, which scripts cannot read (`cookie`).
     */
    readonly refreshDelivery?: 'body' | 'cookie'
  }
  /** Google as sign-in provider. `GOOGLE_CLIENT_ID`, `GOOGLE_CLIENT_SECRET`, `GOOGLE_REDIRECT_URI`. */
  readonly google?: {
    readonly clientId?: string
    readonly clientSecret?: string
    /** The redirect URI as registered with Google; `<public URL>/api/auth/google/callback` when absent. */
    readonly redirectUri?: string
    /** Another issuer in place of Google, for development and tests. */
    readonly issuer?: string
  }
  /** Further sign-in providers: `oidc()`, `github()`, or `google()` with its own settings. */
  readonly providers?: readonly Provider[]
  /** The application's own users table; `focus_users` when absent. */
  readonly users?: UserDirectory
  /**
   * Access tokens. Unless `secret`, `keys` or `jwksUri` is set, they are signed with EdDSA keys in the database, which the
   * nodes create and rotate.
   */
  readonly tokens?: {
    /** `iss` of the tokens; the public URL, or `focus`, when absent. Required with `jwksUri`. */
    readonly issuer?: string
    /** `aud` of the tokens; `focus` when absent. Required with `jwksUri`: tokens must name one of them. */
    readonly audience?: string | readonly string[]
    /** Signs with HS256; at least 32 characters, several for rotation. A holder of the secret can also issue tokens. */
    readonly secret?: string | readonly string[]
    /** Private JWKs of the application, the signing one first. */
    readonly keys?: readonly JWK[]
    /** Accepts the tokens of another issuer instead, verified with the keys at this address. Sign-in is then off. */
    readonly jwksUri?: string
    /**
     * Returns the scopes of a user's access tokens, for `requireUser(focus, { scopes })`. Called whenever a token is issued, so
     * that a change applies from the next refresh on.
     */
    readonly scopes?: (user: User) => readonly string[] | Promise<readonly string[]>
    /**
     * With `jwksUri`: the header `typ` that tokens must have; `at+jwt` when absent (RFC 9068), so that ID tokens are refused.
     * Set `JWT` for issuers such as Auth0 or Firebase, and `false` for issuers that set none. Then only the audience
     * distinguishes access tokens from ID tokens.
     */
    readonly typ?: string | false
    /** With `jwksUri`: the claim that holds the user's id; `sub` when absent. */
    readonly userIdClaim?: string
    /** Lifetime of an access token, 60 to 86,400 seconds. `FOCUS_ACCESS_TTL`; 3,600 when absent. */
    readonly accessTtlSeconds?: number
    /** Time without a refresh after which a session ends, in seconds; 30 days when absent. */
    readonly idleTtlSeconds?: number
    /** Time after its sign-in at which a session ends even if it is in use, in seconds; 180 days when absent. */
    readonly sessionTtlSeconds?: number
  }
  readonly websocket?: {
    /** Switches the WebSocket on or off; on when absent. `WEBSOCKET_ENABLED`. */
    readonly enabled?: boolean
    /** Time between heartbeats, 1 to 3,600 seconds. `WEBSOCKET_HEARTBEAT_INTERVAL`; 30 when absent. */
    readonly heartbeatIntervalSeconds?: number
    /** Limits of one client, one user and one node; `PROTOCOL.md` lists them with their defaults. */
    readonly limits?: Partial<RealtimeLimits>
  }
  /** Who may read `GET /ws/stats`: holders of the admin key (`admin`, the default) or all (`public`). `FOCUS_STATS`. */
  readonly stats?: 'admin' | 'public'
  /**
   * Addresses and CIDR ranges of the reverse proxies in front; `loopback`, `private`, and `unix` for peers without an
   * address. `FOCUS_TRUSTED_PROXIES`.
   */
  readonly trustedProxies?: readonly string[]
  /** Limits of requests by address, user and process; `false` switches them off. */
  readonly rateLimits?:
    | false
    | {
        /** Exempts clients on this machine from the limits; true when absent, unless the public URL is on another machine. */
        readonly exemptLoopback?: boolean
        /** Requests of one address per minute; `docs/limits.md` lists the defaults. */
        readonly perMinute?: Partial<Record<BudgetName, number>>
        /** Requests per minute of all clients of the process together. */
        readonly perProcess?: Partial<Record<BudgetName, number>>
        /** Units of one user over all routes, streams and sockets: the capacity, and the units restored per second. */
        readonly perUser?: { readonly capacity?: number; readonly perSecond?: number }
      }
  readonly limits?: {
    /** Time for the body of a request to arrive: milliseconds, or a string such as `10s`; 10 seconds when absent. */
    readonly bodyTimeout?: Duration
  }
  readonly notifications?: {
    /** Whether notifications for unknown ids are refused as `unknown_user` (`refuse`, the default) or stored (`accept`). */
    readonly unknownUsers?: 'refuse' | 'accept'
    /** Notifications kept for each user, and broadcasts; 1,000 when absent. The oldest are removed first. */
    readonly maxPerUser?: number
    /** Time that notifications are kept: milliseconds, or a string such as `30d`; `90d` when absent. */
    readonly maxAge?: Duration
  }
  /**
   * Further ways to reach a user: `slack()`, `email()`, `webPush()`, `webhook()`, `log()` of `@focus-api/core/transports`, or
   * transports of the application. `SLACK_WEBHOOK` and `SMTP_URL` add one each.
   */
  readonly transports?: readonly Transport[]
  /** The transports of notifications that name none; all of them when absent. */
  readonly routing?: RoutingOptions
  /** Notifications of the application, made by `defineNotifications`, in addition to the built-in ones. */
  readonly catalogue?: Catalogue
  /**
   * Receives log lines; pino, winston and `console` fit. Without it, warnings and errors go to stderr, one line each; `false`
   * writes nothing.
   */
  readonly logger?: Logger | false
  /** Returns the time in milliseconds since 1970; `Date.now` when absent. */
  readonly clock?: Clock
  /** Returns unpredictable bytes; `crypto.randomBytes` when absent. */
  readonly random?: RandomSource
  /** Sends outgoing requests; `globalThis.fetch` when absent. */
  readonly fetch?: typeof globalThis.fetch
  /** Variables to read instead of `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>
}
