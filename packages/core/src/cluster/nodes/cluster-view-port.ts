import type { UserKey } from '../../common/user-id.ts'
import type { NodeConnection, NodeConnections } from '../questions-port.ts'
import type { ClusterNode } from './nodes-port.ts'

/** How many users a node names to the others. */
export const sampleSize = 1_000

/** Users and connections of one node; rates are per second over the last minute. */
export interface Activity {
  readonly users: number
  readonly connections: number
  /** Notifications written to connections. */
  readonly deliveries: number
  /** Messages received from clients. */
  readonly actions: number
}

/** Port: the connections of this node, as other nodes may ask for them. The real-time hub implements it. */
export interface LocalConnections {
  activity(): Activity
  /** Advances whenever a connection joins or leaves its user. */
  readonly changes: number
  /**
   * Returns users of this node with their numbers of connections: all if there are at most `limit`, otherwise those whose
   * `userHash` is lowest.
   */
  sample(limit: number): ReadonlyMap<UserKey, number>
  /** Lists the open connections, or those of one user: the first `limit` of them, and how many there are. */
  connections(userKey: UserKey | null, limit: number): NodeConnections
  /** Closes one of them; false when there is none of that id. */
  close(connectionId: string): boolean
}

/** Users and connections of all nodes. */
export interface ClusterActivity extends Activity {
  readonly nodes: readonly (Activity & { readonly node: ClusterNode })[]
  /** Users that are connected, at most `sampleSize`. */
  readonly userKeys: readonly UserKey[]
  /** Returns a user's connections to the other nodes; those on nodes with more than `sampleSize` users may be missing. */
  readonly connectionsElsewhere: (userKey: UserKey) => number
}

/** Connections of all nodes. */
export interface ClusterConnections {
  readonly connections: readonly NodeConnection[]
  /** How many the nodes that answered have. */
  readonly total: number
  /** The names of nodes that did not answer in time, or not completely. */
  readonly missingNodes: readonly string[]
}

/** The connections of all nodes, for operators. */
export interface ClusterView {
  /** Whether no other node is alive; everything is answered from memory then. */
  readonly alone: boolean
  /** Names the connections of this node; called once, when the hub starts. */
  serve(local: LocalConnections): void
  /** Counts at most a second old. */
  activity(): Promise<ClusterActivity>
  /** Asks all nodes for at most `limit` connections, or those of one user, and waits two seconds at most. */
  connections(userKey: UserKey | null, limit: number): Promise<ClusterConnections>
  /**
   * Closes a connection on any node; false when no node has it.
   *
   * @throws FocusError `node_unreachable` when its node does not answer
   */
  close(connectionId: string): Promise<boolean>
}
