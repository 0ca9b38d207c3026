import { type AuthParts, composeAuth } from './auth-parts.ts'
import { type ClusterParts, composeCluster } from './cluster-parts.ts'
import { type Configuration, type Foundation, openFoundation } from './foundation.ts'
import { composeHttp, type HttpParts } from './http-parts.ts'
import { composeNotifications, type NotificationParts } from './notification-parts.ts'
import { type Closable, openTogether } from './opening.ts'
import { composeRealtime, type RealtimeParts } from './realtime-parts.ts'
import { shareChanges } from './shared-changes.ts'
import { composeTransports, type TransportParts } from './transport-parts.ts'

/** All parts of one Focus, running. */
export interface FocusParts extends Closable {
  readonly foundation: Foundation
  readonly cluster: ClusterParts
  readonly auth: AuthParts
  readonly transports: TransportParts
  readonly notifications: NotificationParts
  readonly realtime: RealtimeParts
  readonly http: HttpParts
}

/**
 * Opens the rooms one after another and connects them. The transports are prepared first, so that a missing driver is found
 * before anything runs; they deliver once the log of notifications is open.
 *
 * @throws FocusError `invalid_option`, `missing_dependency`, `storage_unavailable`
 */
export function composeFocus(configuration: Configuration): Promise<FocusParts> {
  return openTogether(configuration.runtime.logger, async (own) => {
    const foundation = own(await openFoundation(configuration))
    const cluster = own(await composeCluster(foundation))
    const transports = own(await composeTransports(foundation))
    const auth = own(await composeAuth(foundation))
    shareChanges(foundation, auth.auth, cluster.broker)
    const notifications = own(await composeNotifications(foundation, cluster, transports))
    transports.manager.start()
    const realtime = own(await composeRealtime(foundation, auth, cluster, notifications))
    const http = composeHttp(foundation, { cluster, auth, transports, notifications, realtime })
    return { foundation, cluster, auth, transports, notifications, realtime, http }
  })
}
