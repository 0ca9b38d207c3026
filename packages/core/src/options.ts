import type { Kysely } from 'kysely'
import type { Provider } from './auth/providers/provider.ts'
import type { UserDirectory } from './auth/types.ts'
import type { RealtimeLimits } from './realtime/limits.ts'
import type { Clock, Logger, RandomSource } from './runtime.ts'

/**
 * What `createFocus` takes. Everything is optional; what is not given here is read from the environment, and what is not
 * there has a default that suits one process with SQLite on this machine. `docs/environment.md` lists all of it.
 */
export interface FocusOptions {
  /** Where the tables live: `sqlite:focus.db` (default), `mysql://user:password@host/name`, or the application's Kysely. */
  readonly database?: string | Kysely<never>
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
  readonly tokens?: {
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
    /** What one client, one user and one node may use; `docs/limits.md` lists them with their defaults. */
    readonly limits?: Partial<RealtimeLimits>
  }
  /** Who may read `GET /ws/stats`: the admin key (default) or everybody. `FOCUS_STATS`. */
  readonly stats?: 'admin' | 'public'
  /** Addresses and CIDR ranges of the reverse proxies in front. `FOCUS_TRUSTED_PROXIES`. */
  readonly trustedProxies?: readonly string[]
  readonly logger?: Logger
  readonly clock?: Clock
  readonly random?: RandomSource
  readonly fetch?: typeof globalThis.fetch
  /** Read instead of `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>
}
