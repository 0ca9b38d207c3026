import type { NotificationEvent, StateEvent, StreamHead } from '../notifications/ports.ts'
import type { SessionEnd } from '../auth/ports.ts'
import type { UserId, UserKey } from '../common/user-id.ts'

/** Port: reads of the log, to resume, to heal a gap and to let a slow reader catch up. */
export interface NotificationFeed {
  head(userKey: UserKey): Promise<StreamHead>
  /** Returns the heads of several users in one read, in the order of `userKeys`. */
  heads(userKeys: readonly UserKey[]): Promise<StreamHead[]>
  /** Returns events with `after < offset <= upTo`, ascending, at most `limit`. */
  read(userKey: UserKey, after: number, upTo: number, limit: number): Promise<NotificationEvent[]>
  /** Returns the head of the shared stream of broadcasts. */
  allHead(): Promise<StreamHead>
  readAll(after: number, upTo: number, limit: number): Promise<NotificationEvent[]>
  /** Marks notifications as read and returns the new unread count. */
  markRead(
    userKey: UserKey,
    which: { ids: readonly string[] } | { upToOffset: number; stream?: 'all' },
  ): Promise<number>
}

/** A message between nodes: a wake-up that carries its event. The log stays the only truth. */
export type BrokerMessage =
  | { readonly kind: 'notifications'; readonly userKey: UserKey | null; readonly events: readonly NotificationEvent[] }
  | { readonly kind: 'state'; readonly userKey: UserKey; readonly event: StateEvent }
  /** For the sign-in of every node, which calls its hub; `from` is the node that ended the session. */
  | { readonly kind: 'session_end'; readonly userKey: UserKey; readonly end: SessionEnd; readonly from: string }

/** Port: carries messages to the nodes with a user's connections. Best effort: the hub reads lost events from the log. */
export interface Broker {
  /** False while messages may be lost; the hub then reads the log more often. */
  readonly connected: boolean
  publish(message: BrokerMessage): void
  /** Starts the flow of one user's messages to this node; `unsubscribe` stops it. */
  subscribe(userKey: UserKey): Promise<void>
  unsubscribe(userKey: UserKey): Promise<void>
  /** Calls `listener` for each message, and returns a function that stops it. Messages without a user reach every node. */
  onMessage(listener: (message: BrokerMessage) => void): () => void
  close(): Promise<void>
}

/** One open connection, as operators see it. */
export interface ConnectionInfo {
  readonly id: string
  readonly userId: UserId
  readonly node: string
  /** Milliseconds since 1970. */
  readonly since: number
  readonly transport: 'websocket' | 'sse'
  readonly offset: number
  /** How many events the connection is behind the heads of its streams. */
  readonly lag: number
  /** Highest offset that the client acknowledged; 0 for a client that does not acknowledge. */
  readonly acknowledged: number
}

/** Counts of users and connections, and rates of messages. */
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
