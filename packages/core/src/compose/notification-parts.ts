import { NotificationMetrics } from '../notifications/notification-metrics.ts'
import { createNotifications, type Notifications } from '../notifications/create-notifications.ts'
import type { Settings } from '../options/resolve.ts'
import { brokerPublisher } from '../cluster/broker-publisher.ts'
import { type NotificationLogOptions, openNotificationLog } from '../storage/log/notification-log.ts'
import type { QueueState } from '../storage/queue/work-queue.ts'
import type { ClusterParts } from './cluster-parts.ts'
import type { Foundation } from './foundation.ts'
import { type Closable, openTogether } from './opening.ts'
import type { TransportParts } from './transport-parts.ts'

export interface NotificationParts extends Closable {
  readonly notifications: Notifications
  readonly metrics: NotificationMetrics
  /** Work that waits for the log. */
  queues(): QueueState[]
}

/**
 * Opens the log of notifications, announces them to the broker, and starts to send notifications that are due.
 *
 * @throws FocusError `invalid_option`, `storage_unavailable`
 */
export function composeNotifications(
  { settings, runtime, database, users }: Foundation,
  { broker, wakeUps }: ClusterParts,
  { manager, recipients }: TransportParts,
): Promise<NotificationParts> {
  return openTogether(runtime.logger, async (own) => {
    const options = { ...retentionOf(settings), wakeUps }
    const log = own(await openNotificationLog(database.forClass('delivery'), runtime, options))
    const notifications = own(
      createNotifications({
        config: { locale: settings.general.locale, unknownUsers: users.unknown },
        runtime,
        log,
        publisher: manager.wokenBy(brokerPublisher(broker)),
        users: recipients,
        router: manager.router,
        catalogue: settings.notifications.catalogue,
      }),
    )
    notifications.start()
    return { notifications, metrics: new NotificationMetrics(log), queues: () => log.queues() }
  })
}

function retentionOf({ notifications }: Settings): NotificationLogOptions {
  return { maxPerStream: notifications.maxPerUser, maxAgeMs: notifications.maxAgeMs }
}
