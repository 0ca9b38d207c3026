import type { NotificationEvent, StreamHead, UserHead } from '../notifications/ports.ts'
import type { UserId, UserKey } from '../common/user-id.ts'

/** Port: reads of the log, to resume, to heal a gap and to let a slow reader catch up. */
export interface NotificationFeed {
  head(userKey: UserKey): Promise<StreamHead>
  /** Returns the heads of several users in one read, in the order of `userKeys`. */
  heads(userKeys: readonly UserKey[]): Promise<UserHead[]>
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

/** Connections of all nodes. */
export interface ConnectionList {
  readonly connections: readonly ConnectionInfo[]
  /** How many the nodes that answered have of those that were asked for. */
  readonly total: number
  /** Whether `connections` are not all of them. */
  readonly truncated: boolean
  /** Names of nodes that did not answer within two seconds; their connections are missing. */
  readonly missingNodes: readonly string[]
}

/** Counts of users and connections of all nodes, and rates of their messages. */
export interface RealtimeStats {
  readonly websocketEnabled: boolean
  /** Users with a connection to any node; an estimate while some user is on two nodes and a node has more than 1,000 users. */
  readonly activeUsers: number
  readonly activeConnections: number
  /** At most 1,000. */
  readonly connectedUserIds: readonly UserId[]
  /** Processes that share the database and are alive. */
  readonly nodes: number
  /** Notifications written to sockets and messages received from clients, per second, over the last minute. */
  readonly rates: { readonly deliveries: number; readonly actions: number }
}
