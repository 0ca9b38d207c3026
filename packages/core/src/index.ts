export { createFocus, type Focus } from './focus.ts'
export type { FocusOptions } from './options/options.ts'
export { FocusError, type ErrorCode, errorCatalogue } from './common/errors.ts'
export type { Logger } from './common/logging/logger.ts'
export type { Clock } from './common/runtime.ts'
export type { JsonObject } from './common/json.ts'
export type { UserId, UserKey } from './common/user-id.ts'
export type { RequestInfo } from './http/route.ts'

export type { Auth } from './auth/focus-auth.ts'
export { google, type GoogleOptions } from './auth/providers/google.ts'
export { github, type GithubOptions } from './auth/providers/github.ts'
export { oidc, type OidcOptions } from './auth/providers/oidc.ts'
export type { Provider } from './auth/providers/provider.ts'
export type { Session } from './auth/sessions/session-store-port.ts'
export type { TokenPair } from './auth/sessions/sessions.ts'
export type { AuthenticatedUser, Principal, SessionEnd } from './auth/ports.ts'
export type { ExternalAccount, ExternalProfile, User, UserDirectory } from './auth/accounts/user-directory-port.ts'

export { defineNotifications } from './notifications/catalogue/define.ts'
export type { BuiltInCatalogue } from './notifications/catalogue/built-in-catalogue.ts'
export type { Catalogue, Definition, Definitions } from './notifications/catalogue/definition.ts'
export type {
  NotificationService,
  NotifyManyOptions,
  NotifyNamedOptions,
  NotifyOptions,
  TransactionNotifications,
} from './notifications/focus-notifications.ts'
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

export type { Broker, BrokerMessage } from './cluster/broker-port.ts'
export type { Realtime } from './realtime/focus-realtime.ts'
export type { RealtimeLimits } from './realtime/realtime-limits.ts'
export type { ConnectionInfo, RealtimeStats } from './realtime/ports.ts'

export type { Transport } from './transports/transport.ts'
export type { Deliveries } from './transports/outbox/focus-deliveries.ts'
export type { PreferenceService } from './transports/preferences/focus-preferences.ts'

export { migrateDatabase } from './compose/migration.ts'
export type { MigrationResult } from './storage/migrations/migrate.ts'
