import type { IncomingMessage } from 'node:http'
import type { AdmissionControl } from '../admission/admission-control.ts'
import type { Principal, TokenVerifier } from '../auth/ports.ts'
import type { NodeBroker } from '../cluster/broker-port.ts'
import type { ClusterView } from '../cluster/nodes/cluster-view-port.ts'
import type { SingleUseStore } from '../secrets/single-use-port.ts'
import type { Runtime } from '../common/runtime.ts'
import type { Sealer } from '../secrets/sealer.ts'
import type { UserIdCodec } from '../common/user-id.ts'
import type { RealtimeLimits } from './realtime-limits.ts'
import type { RealtimeLocale } from './protocol/protocol-errors.ts'
import type { NotificationFeed } from './ports.ts'

export interface RealtimeConfig {
  /** For example `/api`; the WebSocket is at `<basePath>/ws/notifications`. */
  readonly basePath: string
  /** `WEBSOCKET_ENABLED`. */
  readonly enabled: boolean
  /** `WEBSOCKET_HEARTBEAT_INTERVAL`, in milliseconds. */
  readonly heartbeatIntervalMs: number
  /** Language of the texts in protocol messages. */
  readonly locale: RealtimeLocale
  /** Access to `GET /ws/stats`. */
  readonly stats: 'admin' | 'public'
  readonly limits?: Partial<RealtimeLimits>
  /** Decides on the `Origin` of an upgrade, which is undefined when the client sent none. */
  readonly isOriginAllowed: (origin: string | undefined, request: IncomingMessage) => boolean
}

export interface RealtimeDeps {
  readonly config: RealtimeConfig
  readonly runtime: Runtime
  /** Budgets of clients and users, shared with the HTTP routes. */
  readonly control: AdmissionControl
  readonly verifier: TokenVerifier
  readonly feed: NotificationFeed
  /** Its `node` names this node in statistics and connection ids. */
  readonly broker: NodeBroker
  /** The connections of all nodes. When absent, this node is the only one. */
  readonly cluster?: ClusterView
  readonly singleUse: SingleUseStore
  readonly sealer: Sealer
  readonly userIds: UserIdCodec
  /**
   * Returns the latest end of a token's session in milliseconds since 1970, or null once the session has ended. Tickets end
   * then. When absent, tickets end with their token.
   */
  readonly sessionEndsAt?: (principal: Principal) => Promise<number | null>
}
