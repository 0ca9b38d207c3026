import type { AuthService } from '../auth/auth.ts'
import type { NodeBroker } from '../cluster/broker-port.ts'
import { createRealtime, type RealtimeHub } from '../realtime/realtime-hub.ts'
import { Sealer } from '../secrets/sealer.ts'
import type { AuthParts } from './auth-parts.ts'
import type { ClusterParts } from './cluster-parts.ts'
import type { Foundation } from './foundation.ts'
import type { NotificationParts } from './notification-parts.ts'
import { type Closable, openTogether } from './opening.ts'

export interface RealtimeParts extends Closable {
  readonly realtime: RealtimeHub
}

/**
 * Opens the hub. Commits of other processes that the broker does not tell of make it read the log, and the end of a session
 * closes its connections on every node.
 *
 * @throws FocusError `invalid_option`
 */
export function composeRealtime(
  foundation: Foundation,
  { auth }: AuthParts,
  { broker, nodes, view, tellsOfCommits }: ClusterParts,
  { notifications }: NotificationParts,
): Promise<RealtimeParts> {
  const { settings, runtime, origins, control, secrets, users, singleUse } = foundation
  return openTogether(runtime.logger, (own) => {
    const realtime = createRealtime({
      config: {
        ...settings.realtime,
        basePath: settings.http.basePath,
        locale: settings.general.locale,
        isOriginAllowed: (origin) => origin === undefined || origins.allows(origin),
      },
      runtime,
      control,
      verifier: auth.tokens,
      feed: notifications.feed,
      broker,
      cluster: view,
      singleUse: singleUse,
      sealer: new Sealer(secrets, runtime.random),
      userIds: users.ids,
      sessionEndsAt: (principal) => auth.sessionEndsAt(principal),
    })
    own({ close: () => realtime.shutdown() })
    notifications.onForeignCommit(() => tellsOfCommits() || realtime.heal())
    notifications.onEpochChange(() => auth.forgetTokens())
    shareSessionEnds(auth, realtime, broker)
    broker.onControlMessage((message) => {
      if (message.kind === 'nodes_changed' && message.missed) realtime.heal()
    })
    const stopListening = nodes.onPeersChange(() => nodes.peersAway && realtime.heal())
    own({ close: async () => stopListening() })
    return { realtime }
  })
}

/** Closes the connections of a session that ended, on this node, and announces its end to the others. */
function shareSessionEnds(auth: AuthService, realtime: RealtimeHub, broker: NodeBroker): void {
  auth.onSessionEnded((end, here) => {
    realtime.sessionEnded(end)
    if (here) broker.publish({ kind: 'session_end', end })
  })
  broker.onControlMessage((message) => {
    if (message.kind === 'session_end') auth.noteSessionEnd(message.end)
  })
}
