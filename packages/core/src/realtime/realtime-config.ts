import type { IncomingMessage } from 'node:http'
import type { AdmissionControl } from '../admission/admission-control.ts'
import type { Principal, TokenVerifier } from '../auth/ports.ts'
import type { SingleUseStore } from '../secrets/single-use-port.ts'
import type { Runtime } from '../common/runtime.ts'
import type { Sealer } from '../secrets/sealer.ts'
import type { UserIdCodec } from '../common/user-id.ts'
import type { RealtimeLimits } from './realtime-limits.ts'
import type { RealtimeLocale } from './protocol/protocol-errors.ts'
import type { Broker, NotificationFeed } from './ports.ts'

export interface RealtimeConfig {
  /** Such as `/api`; the WebSocket is at `<basePath>/ws/notifications`. */
  readonly basePath: string
  /** `WEBSOCKET_ENABLED`. */
  readonly enabled: boolean
  /** `WEBSOCKET_HEARTBEAT_INTERVAL`, in milliseconds here. */
  readonly heartbeatIntervalMs: number
  /** Language of the texts that the protocol itself carries. */
  readonly locale: RealtimeLocale
  /** Who may read `GET /ws/stats`. */
  readonly stats: 'admin' | 'public'
  readonly limits?: Partial<RealtimeLimits>
  /** Decides on the `Origin` of an upgrade; undefined where the client sent none. */
  readonly isOriginAllowed: (origin: string | undefined, request: IncomingMessage) => boolean
  /** Name of this node in statistics and connection ids; host name and a random suffix when absent. */
  readonly node?: string
}

export interface RealtimeDeps {
  readonly config: RealtimeConfig
  readonly runtime: Runtime
  /** Who is served when there is too much to do; shared with the HTTP routes. */
  readonly control: AdmissionControl
  readonly verifier: TokenVerifier
  readonly feed: NotificationFeed
  readonly broker: Broker
  readonly oneTime: SingleUseStore
  readonly sealer: Sealer
  readonly userIds: UserIdCodec
  /**
   * When what a token stands for ends at the latest (milliseconds since 1970), null once its session ended: no ticket lives
   * longer. When the token itself expires where absent.
   */
  readonly sessionEndsAt?: (principal: Principal) => Promise<number | null>
}
