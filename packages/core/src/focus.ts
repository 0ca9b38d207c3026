import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Auth } from './auth/focus-auth.ts'
import type { Principal } from './auth/ports.ts'
import type { Admission, RequestHead } from './http/request/request-head.ts'
import type { RequestInfo, RouteInfo } from './http/route.ts'
import type { BuiltInCatalogue } from './notifications/catalogue/built-in-catalogue.ts'
import type { Definitions } from './notifications/catalogue/definition.ts'
import type { NotificationService, WithBuiltIn } from './notifications/focus-notifications.ts'
import type { FocusOptions } from './options/options.ts'
import { resolveOptions } from './options/resolve.ts'
import type { Realtime } from './realtime/focus-realtime.ts'
import { configuredRuntime } from './compose/configured-runtime.ts'
import { type MigrationResult, migrateToLatest } from './storage/migrations/migrate.ts'
import type { Deliveries } from './transports/outbox/focus-deliveries.ts'
import type { PreferenceService } from './transports/preferences/focus-preferences.ts'
import { composeFocus, type FocusParts } from './compose/focus-parts.ts'

/** The running Focus of one application. `createFocus` starts it and `close()` ends it. */
export interface Focus<Catalogue = BuiltInCatalogue> {
  readonly auth: Auth
  readonly notifications: NotificationService<Catalogue>
  /** The topics that users want, by transport. */
  readonly preferences: PreferenceService
  /** The outbox: deliveries by other transports that wait or failed. */
  readonly deliveries: Deliveries
  readonly realtime: Realtime
  /** Path prefix of all routes, such as `/api`; empty for the root. */
  readonly basePath: string
  /** Every route below the base path, and who may call it; `openapi.json` describes them. */
  readonly routes: readonly RouteInfo[]
  /** Whether a path is one of Focus' routes; all other paths belong to the host. */
  handles(pathname: string): boolean
  /**
   * Decides on a request from its head, before a `Request` is built; for adapters. Answer with the refusal if there is one,
   * and pass the request to `fetch` with `{ admission }` otherwise.
   */
  admit(head: RequestHead): Admission
  /** Answers any route. Never rejects: failures are RFC 9457 problems. */
  fetch(request: Request, info?: RequestInfo): Promise<Response>
  /** Handles a WebSocket upgrade on Focus' own path. Returns false, and does not touch the socket, on any other path. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /**
   * Verifies the bearer token of a request and returns its principal; null without a token. Cheap for a token that was
   * verified before.
   *
   * @param info the origin of the request; with it, bad tokens of one address are limited as on Focus' own routes
   * @throws FocusError (as a rejection) `invalid_token`, `token_expired`, `session_revoked`; with `info` also `rate_limited`
   * and `overloaded`
   */
  authenticate(headers: IncomingHttpHeaders | Headers, info?: RequestInfo): Promise<Principal | null>
  /** Brings the tables up to date, as `createFocus` has done already; for operators. */
  migrate(): Promise<MigrationResult>
  /**
   * Asks every client to reconnect and closes its socket, spread over `windowMs` (5,000 when absent). New connections are
   * refused from then on.
   */
  drain(options?: { windowMs?: number }): Promise<void>
  /** Closes everything that Focus opened: sockets, timers, workers and its own database connection. */
  close(): Promise<void>
}

/**
 * Starts Focus: reads options and environment, opens the database and brings its tables up to date.
 *
 * @throws FocusError `invalid_option` for a setting of the wrong form, `missing_dependency` for a driver that is not
 * installed, `storage_unavailable` when the database does not answer.
 *
 * @example
 * ```ts
 * const focus = await createFocus({ database: 'sqlite:app.db' })
 * await focus.notifications.notifyUser({ userId: 123, title: 'Hello', message: 'It works' })
 * await focus.close()
 * ```
 */
export function createFocus(options?: FocusOptions & { readonly catalogue?: undefined }): Promise<Focus>
export function createFocus<Catalogue extends Definitions>(
  options?: FocusOptions<Catalogue>,
): Promise<Focus<Definitions extends Catalogue ? BuiltInCatalogue : WithBuiltIn<Catalogue>>>
export async function createFocus(options: FocusOptions = {}): Promise<Focus> {
  const settings = resolveOptions(options, options.env ?? process.env)
  const runtime = configuredRuntime(settings)
  for (const warning of settings.warnings) runtime.logger.warn(warning)
  return handleOf(await composeFocus({ settings, runtime }))
}

function handleOf(parts: FocusParts): Focus {
  const { auth } = parts.auth
  const { notifications } = parts.notifications
  const { manager, preferences } = parts.transports
  const { realtime } = parts.realtime
  const { handler, hostAuthenticator } = parts.http
  const { settings, database } = parts.foundation
  return {
    auth,
    notifications,
    preferences,
    deliveries: manager.deliveries,
    realtime,
    basePath: settings.http.basePath,
    routes: handler.routes,
    handles: (pathname) => handler.handles(pathname),
    admit: (head) => handler.admit(head),
    fetch: (request, info) => handler.fetch(request, info),
    upgrade: (request, socket, head) => realtime.upgrade(request, socket, head),
    authenticate: (headers, info) => hostAuthenticator.authenticate(headers, info),
    migrate: () => migrateToLatest(database),
    drain: (window) => realtime.drain(window),
    close: () => parts.close(),
  }
}
