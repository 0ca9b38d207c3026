export { createFocus, type Focus } from './focus.ts'
export type { FocusOptions } from './options/options.ts'
export { assertFocusOptions } from './options/schema.ts'
export { withoutEnvironment } from './options/precedence.ts'
export { listMigrations, migrateDatabase } from './compose/migration.ts'
export type { AnyKysely } from './storage/dialects/any-kysely.ts'
export type { MigrationResult, MigrationStatus } from './storage/migrations/migrate.ts'
export { FocusError, type ErrorCode, errorCatalogue } from './common/errors.ts'
export { google, type GoogleOptions } from './auth/providers/google.ts'
export { github, type GithubOptions } from './auth/providers/github.ts'
export { oidc, type OidcOptions } from './auth/providers/oidc.ts'
export type { Provider } from './auth/providers/provider.ts'
export type { Session } from './auth/sessions/session-store-port.ts'
export type { TokenPair } from './auth/sessions/sessions.ts'
export type { Auth } from './auth/focus-auth.ts'
export type { AuthenticatedUser, Principal, SessionEnd } from './auth/ports.ts'
export type { ExternalAccount, ExternalProfile, User, UserDirectory } from './auth/accounts/user-directory-port.ts'
export { defineNotifications } from './notifications/catalogue/define.ts'
export type { BuiltInCatalogue } from './notifications/catalogue/built-in-catalogue.ts'
export type { Definition, Definitions, LocalizedText } from './notifications/catalogue/definition.ts'
export type { ParamsSchema } from './notifications/catalogue/params.ts'
export type {
  NotificationService,
  NotifyManyOptions,
  NotifyNamedOptions,
  NotifyOptions,
  TransactionNotifications,
} from './notifications/focus-notifications.ts'
export type { Dedupe, Group, Policies, Rate } from './notifications/policies/policy.ts'
export type {
  InboxItem,
  InboxPage,
  InboxQuery,
  NotificationContent,
  NotificationInput,
  NotificationType,
  Receipt,
  Summary,
} from './notifications/ports.ts'
export type { Escalation, Routing } from './notifications/ports.ts'
export type { RoutingOptions } from './transports/routing/transport-router.ts'
export type { Transport } from './transports/transport.ts'
export type { Deliveries, DeliveryPage, DeliveryQuery, TransportInfo } from './transports/outbox/focus-deliveries.ts'
export type { DeliveryFilter, DeliveryInfo, DeliveryState } from './transports/outbox/outbox-port.ts'
export type {
  PersonalPreferences,
  PreferenceChange,
  PreferenceService,
} from './transports/preferences/focus-preferences.ts'
export type { PreferenceMatrix } from './transports/preferences/preferences-port.ts'
export type { Realtime } from './realtime/focus-realtime.ts'
export type { RealtimeLimits } from './realtime/realtime-limits.ts'
export type { ConnectionInfo, RealtimeStats } from './realtime/ports.ts'
export { isLoopbackHost } from './net/urls.ts'
export { originForm, pathOf } from './net/request-target.ts'
export { parseIsoTime } from './common/iso-time.ts'
export { escapeInJson, plainText } from './common/text/plain-text.ts'
export { json, problem } from './http/responses.ts'
export type { RouteInfo } from './http/handler.ts'
export type { RequestInfo } from './http/route.ts'
export type { Admission, RequestHead } from './http/request/request-head.ts'
export type { Answer } from './http/responses.ts'
export { endUpgrade, refuseUpgrade } from './realtime/entry/handshake.ts'
export type { Logger } from './common/logging/logger.ts'
export type { Clock, RandomSource } from './common/runtime.ts'
export type { JsonObject, JsonValue } from './common/json.ts'
export type { UserId, UserKey } from './common/user-id.ts'
