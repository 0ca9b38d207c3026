import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Auth, createAuth } from './auth/auth.ts'
import type { Principal } from './auth/ports.ts'
import { AdmissionControl } from './admission/admission-control.ts'
import { AdmissionMetrics } from './admission/admission-metrics.ts'
import { type Budgets, defaultBodyTimeoutMs, resolveBudgets } from './admission/budgets.ts'
import { createClientAddressFinder } from './net/client-address.ts'
import { durationMs } from './schema/duration.ts'
import { accountAdminRoutes } from './http/routes/account-admin-routes.ts'
import { authRoutes } from './http/routes/auth-routes.ts'
import { clientAdminRoute } from './http/routes/client-admin-route.ts'
import { HostTokens } from './http/host-tokens.ts'
import { createHandler, type RouteInfo } from './http/handler.ts'
import { notificationAdminRoutes } from './http/routes/notification-admin-routes.ts'
import { notificationRoutes } from './http/routes/notification-routes.ts'
import type { Admission, RequestHead } from './http/request/request-head.ts'
import { realtimeRoutes } from './http/routes/realtime-routes.ts'
import type { RequestInfo } from './http/route.ts'
import { systemRoutes } from './http/routes/system-routes.ts'
import type { BuiltInCatalogue } from './notifications/catalogue/built-in.ts'
import type { Definitions } from './notifications/catalogue/definition.ts'
import { NotificationMetrics } from './notifications/notification-metrics.ts'
import type { Merged, NotificationService } from './notifications/notification-service.ts'
import { createNotifications } from './notifications/service.ts'
import { withoutNulls } from './schema/option-checks.ts'
import type { FocusOptions } from './options/options.ts'
import { authConfigOf } from './compose/auth-config.ts'
import { composeOutbound } from './compose/transports.ts'
import { resolveOptions } from './options/resolve.ts'
import { focusOptions } from './options/schema.ts'
import { createOriginPolicy, isLoopbackUrl } from './net/origin-policy.ts'
import { MemoryBroker } from './realtime/brokers/memory-broker.ts'
import { brokerPublisher } from './realtime/brokers/publisher.ts'
import { createRealtime, type Realtime } from './realtime/realtime.ts'
import { createRuntime } from './common/runtime.ts'
import { Sealer } from './secrets/sealing.ts'
import { resolveSecrets } from './secrets/configured-secrets.ts'
import { openDatabase } from './storage/database.ts'
import { KyselyKeyStore } from './storage/stores/signing-key-store.ts'
import { type NotificationLogOptions, openNotificationLog } from './storage/log/notification-log.ts'
import { type MigrationResult, migrateToLatest } from './storage/migrations/migrate.ts'
import { KyselySingleUseStore } from './storage/stores/single-use-store.ts'
import { createReadiness } from './storage/readiness.ts'
import { KyselySessionStore } from './storage/stores/kysely-session-store.ts'
import { QueueMetrics } from './storage/queue/queue-metrics.ts'
import { sayingUnavailable } from './storage/dialects/unavailable.ts'
import { KyselyUserDirectory } from './storage/stores/user-directory.ts'
import type { Deliveries } from './transports/outbox/deliveries.ts'
import type { PreferenceService } from './transports/preferences/preference-service.ts'
import { stringUserIds } from './common/user-id.ts'

/** Sign-in and notifications of one application, running. Made by `createFocus`, ended by `close()`. */
export interface Focus<Catalogue = BuiltInCatalogue> {
  readonly auth: Auth
  readonly notifications: NotificationService<Catalogue>
  /** What people want to be told, and where. */
  readonly preferences: PreferenceService
  /** The outbox: what waits for other transports, what failed and why. */
  readonly deliveries: Deliveries
  readonly realtime: Realtime
  /** Such as `/api`; empty for the root. */
  readonly basePath: string
  /** Every route below the base path, and who may call it; `openapi.json` describes them. */
  readonly routes: readonly RouteInfo[]
  /** Whether a path is one of Focus' routes; what is not is the host's. */
  handles(pathname: string): boolean
  /**
   * Looks at the head of a request before a `Request` is built for it; for adapters. What is refused is answered with the
   * refusal; what is not goes to `fetch`, with `{ admission }`.
   */
  admit(head: RequestHead): Admission
  /** Answers any route. Never rejects: what goes wrong is an RFC 9457 problem. */
  fetch(request: Request, info?: RequestInfo): Promise<Response>
  /** Takes a WebSocket upgrade on Focus' own path; false, and nothing is touched, on any other. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /**
   * Whom the bearer token of a request speaks for; null without one. Cheap for a token that was seen before.
   *
   * @param info where the request comes from: bad tokens of one address are then limited, as on Focus' own routes
   * @throws FocusError (as a rejection) `invalid_token`, `token_expired`, `session_revoked`; with `info` also `rate_limited`
   * and `overloaded`
   */
  authenticate(headers: IncomingHttpHeaders | Headers, info?: RequestInfo): Promise<Principal | null>
  /** Brings the tables up to date. `createFocus` has done so already; for operators. */
  migrate(): Promise<MigrationResult>
  /** Says goodbye to every open socket, spread over `windowMs` (5,000 when absent); from then on new ones are refused. */
  drain(options?: { windowMs?: number }): Promise<void>
  /** Ends everything that Focus opened: sockets, timers, workers and its own database connection. */
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
export async function createFocus<Catalogue extends Definitions = BuiltInCatalogue>(
  given: FocusOptions<Catalogue> = {},
): Promise<Focus<Merged<Catalogue>>> {
  const options = withoutNulls(given, focusOptions)
  const settings = resolveOptions(options, options.env ?? process.env)
  const runtime = createRuntime({ ...options, debugSetting: (options.env ?? process.env)['FOCUS_DEBUG'] })
  for (const warning of settings.warnings) runtime.logger.warn(warning)
  const { logger } = runtime
  const findAddress = createClientAddressFinder(settings.values.trustedProxies ?? [])
  const control = new AdmissionControl({ budgets: budgetsOf(options, settings.publicUrl), findAddress, logger })
  const database = await openDatabase(settings.database, runtime)
  /** Ends what was begun, the newest first; for a start that fails half-way as for `close()`. */
  const begun: (() => Promise<void>)[] = [() => database.close()]
  const endAll = async () => {
    const failures: unknown[] = []
    for (const end of begun.splice(0).toReversed()) await end().catch((error: unknown) => failures.push(error))
    if (failures.length > 0) throw new AggregateError(failures, 'Not everything could be closed')
  }
  try {
    return await compose()
  } catch (error) {
    await endAll().catch((failure: unknown) => {
      runtime.logger.error('A start that failed could not be taken back', { error: failure })
    })
    throw error
  }

  async function compose(): Promise<Focus<Merged<Catalogue>>> {
    const { values, publicUrl, basePath } = settings
    const secrets = resolveSecrets({ configured: values.secrets, database, publicUrl })
    const origins = createOriginPolicy({ allowedOrigins: values.allowedOrigins ?? [], publicUrl })
    await migrateToLatest(database)

    const oneTime = sayingUnavailable(new KyselySingleUseStore(database, runtime.clock), { unbounded: ['purge'] })
    const authConfig = authConfigOf(options, settings, { secrets, origins })
    // Without a directory of their own, somebody else's tokens bring users that nobody here has heard of.
    const foreignUsers = authConfig.tokens.kind === 'external' && options.users === undefined
    const users = options.users ?? sayingUnavailable(new KyselyUserDirectory(database, runtime.clock))
    const unknownUsers = options.notifications?.unknownUsers ?? (foreignUsers ? 'accept' : 'refuse')
    const userIds = users.parseId && !foreignUsers ? { fromKey: users.parseId } : stringUserIds
    const elsewhere = composeOutbound({
      options,
      settings,
      secrets,
      database,
      runtime,
      users,
      userIds,
      unknownUsers,
    })
    // What is missing is found before anything runs.
    begun.push(() => elsewhere.outbound.close())
    await elsewhere.outbound.prepare()
    const auth = createAuth({
      config: authConfig,
      runtime,
      users,
      userIds,
      oneTime,
      sessions: sayingUnavailable(new KyselySessionStore(database), { unbounded: ['purge'] }),
      keys: sayingUnavailable(new KyselyKeyStore(database)),
    })
    begun.push(() => auth.close())
    await auth.start()

    const broker = new MemoryBroker()
    begun.push(() => broker.close())
    const log = await openNotificationLog(database.forClass('delivery'), runtime, retentionOf(options))
    begun.push(() => log.close())
    const notificationMetrics = new NotificationMetrics(log)
    const notifications = createNotifications({
      config: {
        locale: settings.locale,
        unknownUsers,
      },
      runtime,
      log,
      publisher: elsewhere.outbound.wokenBy(brokerPublisher(broker)),
      users: elsewhere.recipients,
      planner: elsewhere.outbound.planner,
      ...(options.catalogue && { catalogue: options.catalogue }),
    })
    begun.push(() => notifications.close())
    notifications.start()
    elsewhere.outbound.start()
    const realtime = createRealtime({
      config: {
        basePath,
        enabled: settings.websocketEnabled,
        heartbeatIntervalMs: settings.heartbeatIntervalMs,
        locale: settings.locale,
        stats: settings.stats,
        isOriginAllowed: (origin) => origin === undefined || origins.allows(origin),
        ...(options.websocket?.limits && { limits: options.websocket.limits }),
      },
      runtime,
      control,
      verifier: auth.tokens,
      feed: notifications.feed,
      broker,
      oneTime,
      sealer: new Sealer(secrets, runtime.random),
      userIds,
      sessionEndsAt: (principal) => auth.sessionEndsAt(principal),
    })
    begun.push(() => realtime.shutdown())
    notifications.onForeignCommit(() => realtime.heal())
    notifications.onEpochChange(() => auth.forgetTokens())
    const node = Buffer.from(runtime.random(12)).toString('base64url')
    auth.onSessionEnded((end, here) => {
      realtime.sessionEnded(end)
      if (here) broker.publish({ kind: 'session_end', userKey: end.userKey, end, from: node })
    })
    broker.onMessage((message) => {
      if (message.kind === 'session_end' && message.from !== node) auth.noteSessionEnd(message.end)
    })

    const admissionMetrics = new AdmissionMetrics(control)
    const hostTokens = new HostTokens(control, auth.tokens)
    const queueMetrics = new QueueMetrics(() => [...database.queues(), ...log.queues()])
    const handler = createHandler({
      routes: [
        ...systemRoutes({
          checkStorage: createReadiness(database),
          isDraining: () => realtime.draining,
          metrics: () => {
            const parts = [elsewhere.outbound.metrics, admissionMetrics, queueMetrics, notificationMetrics]
            return parts.reduce((document, metrics) => metrics.after(document), realtime.metrics())
          },
          websocketEnabled: settings.websocketEnabled,
        }),
        ...authRoutes({ auth, config: authConfig }),
        ...accountAdminRoutes({ auth }),
        clientAdminRoute,
        ...notificationRoutes(notifications),
        ...notificationAdminRoutes({ notifications, userIds }),
        ...elsewhere.routes(notifications.recipients),
        ...realtimeRoutes(realtime),
      ],
      basePath,
      adminKey: values.adminKey ?? null,
      origins,
      control,
      knownToken: (token) => auth.tokens.known?.(token) ?? null,
      verify: ({ kind, secret }) => (kind === 'ticket' ? realtime.tickets.peek(secret) : auth.tokens.verify(secret)),
      bodyTimeoutMs: bodyTimeoutOf(options),
      logger,
    })

    let closing: Promise<void> | undefined
    return {
      auth,
      notifications,
      preferences: elsewhere.preferences,
      deliveries: elsewhere.outbound.deliveries,
      realtime,
      basePath,
      routes: handler.routes,
      handles: (pathname) => handler.handles(pathname),
      admit: (head) => handler.admit(head),
      fetch: (request, info) => handler.fetch(request, info),
      upgrade: (request, socket, head) => realtime.upgrade(request, socket, head),
      authenticate: (headers, info) => hostTokens.authenticate(headers, info),
      migrate: () => migrateToLatest(database),
      drain: (window) => realtime.drain(window),
      close: () => (closing ??= endAll()),
    }
  }
}

/** @throws FocusError `invalid_option` */
function budgetsOf({ rateLimits }: FocusOptions, publicUrl: string | null): Budgets {
  if (rateLimits === false) return resolveBudgets({ enabled: false, exemptLoopback: true })
  const { exemptLoopback = publicUrl === null || isLoopbackUrl(publicUrl), ...budgets } = rateLimits ?? {}
  return resolveBudgets({ enabled: true, exemptLoopback, ...budgets })
}

/** @throws FocusError `invalid_option` */
function bodyTimeoutOf({ limits }: FocusOptions): number {
  return limits?.bodyTimeout === undefined ? defaultBodyTimeoutMs : durationMs('limits.bodyTimeout', limits.bodyTimeout)
}

function retentionOf({ notifications = {} }: FocusOptions): NotificationLogOptions {
  const { maxPerUser, maxAge } = notifications
  return {
    ...(maxPerUser === undefined ? {} : { maxPerStream: maxPerUser }),
    ...(maxAge === undefined ? {} : { maxAgeMs: durationMs('notifications.maxAge', maxAge) }),
  }
}
