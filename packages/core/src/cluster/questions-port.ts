/** A question of one node to others, for operators. */
export type NodeQuestion =
  /** At most `limit` connections of the node, or of one user there. */
  | { readonly ask: 'connections'; readonly userKey: string | null; readonly limit: number }
  /** Closes a connection of the node. */
  | { readonly ask: 'close'; readonly connectionId: string }

/** The answer to a question, or a part of it, as JSON. */
export type NodeAnswer =
  | ({ readonly ask: 'connections' } & NodeConnections)
  | { readonly ask: 'close'; readonly closed: boolean }

/** Connections of one node: the first ones, or a part of them. */
export interface NodeConnections {
  readonly connections: readonly NodeConnection[]
  /** How many the node has of those that were asked for; of an answer in several parts, the sum counts. */
  readonly total: number
}

/** One open connection, as nodes describe it to each other. */
export interface NodeConnection {
  readonly id: string
  readonly userKey: string
  readonly node: string
  /** Milliseconds since 1970. */
  readonly since: number
  readonly transport: 'websocket' | 'sse'
  readonly offset: number
  readonly lag: number
  readonly acknowledged: number
}
