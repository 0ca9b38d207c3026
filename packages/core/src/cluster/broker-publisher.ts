import type { UserKey } from '../common/user-id.ts'
import type { NotificationEvent, NotificationPublisher } from '../notifications/ports.ts'
import type { NodeBroker } from './broker-port.ts'

/** Returns a publisher that sends the events of one commit to the broker as one message per stream, in their order. */
export function brokerPublisher(broker: Pick<NodeBroker, 'publish'>): NotificationPublisher {
  return {
    notificationsCommitted(events) {
      const [only] = events
      if (only === undefined) return
      if (events.length === 1) {
        broker.publish({ kind: 'notifications', userKey: only.userKey, events })
        return
      }
      const byUser = new Map<UserKey | null, NotificationEvent[]>()
      for (const event of events) {
        const known = byUser.get(event.userKey)
        if (known) known.push(event)
        else byUser.set(event.userKey, [event])
      }
      for (const [userKey, ofUser] of byUser) broker.publish({ kind: 'notifications', userKey, events: ofUser })
    },
    stateChanged(event) {
      broker.publish({ kind: 'state', userKey: event.userKey, event })
    },
  }
}
