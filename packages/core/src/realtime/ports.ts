import type { NotificationEvent, StateEvent, StreamHead } from '../notifications/ports.ts'
import type { SessionEnd } from '../auth/ports.ts'
import type { UserId, UserKey } from '../common/user-id.ts'

/** Port: what the hub reads from the log to resume, to heal a gap and to bring a slow reader up to date. */
export interface NotificationFeed {
  head(userKey: UserKey): Promise<StreamHead>
  /** Heads of several users in one read, in the order of `userKeys`. */
  heads(userKeys: readonly UserKey[]): Promise<StreamHead[]>
  /** Events with `after < offset <= upTo`, ascending, at most `limit`. */
  read(userKey: UserKey, after: number, upTo: number, limit: number): Promise<NotificationEvent[]>
  /** The shared stream of broadcasts. */
  allHead(): Promise<StreamHead>
  readAll(after: number, upTo: number, limit: number): Promise<NotificationEvent[]>
  /** Marks as read; returns the new unread count. */
  markRead(
    userKey: UserKey,
    which: { ids: readonly string[] } | { upToOffset: number; stream?: 'all' },
  ): Promise<number>
}

/** What travels between nodes: wake-ups with the event inside, never the truth. */
export type BrokerMessage =
  | { readonly kind: 'notifications'; readonly userKey: UserKey | null; readonly events: readonly NotificationEvent[] }
  | { readonly kind: 'state'; readonly userKey: UserKey; readonly event: StateEvent }
  /** For the sign-in of every node, which tells its hub; `from` names the node that ended the session. */
  | { readonly kind: 'session_end'; readonly userKey: UserKey; readonly end: SessionEnd; readonly from: string }

/**
 * Port: tells the nodes that hold a user's sockets. Delivery is best effort; the hub heals what is lost from the log.
 */
export interface Broker {
  /** False while messages may be lost; the hub then reads the log more often. */
  readonly connected: boolean
  publish(message: BrokerMessage): void
  /** Starts and stops the flow of messages of one user to this node. */
  subscribe(userKey: UserKey): Promise<void>
  unsubscribe(userKey: UserKey): Promise<void>
  /** Returns the function that ends it. Messages without a user concern every node. */
  onMessage(listener: (message: BrokerMessage) => void): () => void
  close(): Promise<void>
}

export interface ConnectionInfo {
  readonly id: string
  readonly userId: UserId
  readonly node: string
  /** Milliseconds since 1970. */
  readonly since: number
  readonly transport: 'websocket' | 'sse'
  readonly offset: number
  /** How many events the connection is behind its stream's head. */
  readonly lag: number
  /** Highest offset that the client acknowledged; 0 when it acknowledges nothing. */
  readonly acknowledged: number
}

export interface RealtimeStats {
  readonly websocketEnabled: boolean
  readonly activeUsers: number
  readonly activeConnections: number
  /** At most 1,000. */
  readonly connectedUserIds: readonly UserId[]
  /** Nodes that share the database and the broker. */
  readonly nodes: number
  /** Notifications written to sockets and messages received from clients, per second, over the last minute. */
  readonly rates: { readonly deliveries: number; readonly actions: number }
}
