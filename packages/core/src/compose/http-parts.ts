import { AdmissionMetrics } from '../admission/admission-metrics.ts'
import { ClusterMetrics } from '../cluster/cluster-metrics.ts'
import { createHandler, type Handler } from '../http/handler.ts'
import { HostAuthenticator } from '../http/host-authenticator.ts'
import type { Route } from '../http/route.ts'
import { authAdminRoutes } from '../http/routes/auth-admin/auth-admin-routes.ts'
import { authRoutes } from '../http/routes/auth/auth-routes.ts'
import { clientAdminRoute } from '../http/routes/client-admin-route.ts'
import { deliveryRoutes } from '../http/routes/transports/delivery-routes.ts'
import { nodeAdminRoute } from '../http/routes/node-admin-route.ts'
import { notificationAdminRoutes } from '../http/routes/notification-admin-routes.ts'
import { sendingRoutes } from '../http/routes/sending-routes.ts'
import { inboxRoutes } from '../http/routes/inbox-routes.ts'
import { preferenceRoutes } from '../http/routes/transports/preference-routes.ts'
import { pushSubscriptionRoutes } from '../http/routes/transports/push-subscription-routes.ts'
import { transportRoutes } from '../http/routes/transports/transport-routes.ts'
import { unsubscribeRoutes } from '../http/routes/transports/unsubscribe-routes.ts'
import { realtimeRoutes } from '../http/routes/realtime-routes.ts'
import { systemRoutes } from '../http/routes/system-routes.ts'
import type { MetricsDocument } from '../common/metrics-document.ts'
import { QueueMetrics } from '../storage/queue/queue-metrics.ts'
import { createReadiness } from '../storage/readiness.ts'
import type { WebPushTransport } from '../transports/channels/web-push.ts'
import type { Transport } from '../transports/transport.ts'
import type { AuthParts } from './auth-parts.ts'
import type { ClusterParts } from './cluster-parts.ts'
import type { Foundation } from './foundation.ts'
import type { NotificationParts } from './notification-parts.ts'
import type { RealtimeParts } from './realtime-parts.ts'
import type { TransportParts } from './transport-parts.ts'

/** The rooms that have routes. */
export interface Rooms {
  readonly cluster: ClusterParts
  readonly auth: AuthParts
  readonly transports: TransportParts
  readonly notifications: NotificationParts
  readonly realtime: RealtimeParts
}

export interface HttpParts {
  readonly handler: Handler
  /** Checks bearer tokens on the application's own routes. */
  readonly hostAuthenticator: HostAuthenticator
}

/** Builds the routes of all rooms into one handler, which has nothing to close. */
export function composeHttp(foundation: Foundation, rooms: Rooms): HttpParts {
  const { settings, runtime, origins, control } = foundation
  const { auth } = rooms.auth
  const { realtime } = rooms.realtime
  const handler = createHandler({
    routes: routesOf(foundation, rooms),
    basePath: settings.http.basePath,
    adminKey: settings.http.adminKey,
    origins,
    control,
    knownToken: (token) => auth.tokens.known?.(token) ?? null,
    verify: ({ kind, secret }) => (kind === 'ticket' ? realtime.tickets.peek(secret) : auth.tokens.verify(secret)),
    bodyTimeoutMs: settings.http.bodyTimeoutMs,
    logger: runtime.logger,
  })
  return { handler, hostAuthenticator: new HostAuthenticator(control, auth.tokens) }
}

function routesOf(foundation: Foundation, rooms: Rooms): Route[] {
  const { auth, config } = rooms.auth
  const { notifications } = rooms.notifications
  const { realtime } = rooms.realtime
  return [
    ...systemRoutes({
      checkStorage: createReadiness(foundation.database),
      isDraining: () => realtime.draining,
      isBrokerConnected: () => rooms.cluster.broker.connected,
      metrics: metricsOf(foundation, rooms),
      websocketEnabled: foundation.settings.realtime.enabled,
    }),
    ...authRoutes({ auth, config }),
    ...authAdminRoutes({ auth }),
    clientAdminRoute,
    nodeAdminRoute(rooms.cluster),
    ...inboxRoutes(notifications),
    ...sendingRoutes(notifications),
    ...notificationAdminRoutes({ notifications, userIds: foundation.users.ids }),
    ...routesOfTransports(foundation, rooms),
    ...realtimeRoutes(realtime),
  ]
}

function routesOfTransports({ settings, runtime, users }: Foundation, { transports, notifications }: Rooms): Route[] {
  const { manager, preferences, pushSubscriptions, unsubscribeTokens } = transports
  const { recipients } = notifications.notifications
  const { clock } = runtime
  return [
    ...preferenceRoutes(preferences),
    ...pushSubscriptionRoutes({
      subscriptions: pushSubscriptions,
      webPush: manager.transports.find(isWebPush) ?? null,
      clock,
    }),
    ...unsubscribeRoutes({ preferences, tokens: unsubscribeTokens, locale: settings.general.locale }),
    ...transportRoutes(manager.deliveries),
    ...deliveryRoutes({
      deliveries: manager.deliveries,
      findUser: async (reference) => (await recipients.search(reference)).userKey,
      userIds: users.ids,
      clock,
    }),
  ]
}

/** Returns the metrics of all rooms as one document. */
function metricsOf(foundation: Foundation, rooms: Rooms): () => Promise<MetricsDocument> {
  const { cluster, transports, notifications, realtime } = rooms
  const appended = [
    transports.manager.metrics,
    new AdmissionMetrics(foundation.control),
    new QueueMetrics(() => [...foundation.database.queues(), ...notifications.queues()]),
    notifications.metrics,
    new ClusterMetrics(cluster.brokerState, cluster.view),
  ]
  return () => appended.reduce((document, metrics) => metrics.after(document), realtime.realtime.metrics())
}

function isWebPush(transport: Transport): transport is WebPushTransport {
  return 'checkEndpoint' in transport && 'publicKey' in transport
}
