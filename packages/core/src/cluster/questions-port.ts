/** A question of one node to others, for operators. */
export type NodeQuestion =
  /** The connections of the node, or those of one user. */
  | { readonly ask: 'connections'; readonly userKey: string | null }
  /** Closes a connection of the node. */
  | { readonly ask: 'close'; readonly connectionId: string }

/** The answer to a question, or a part of it, as JSON. */
export type NodeAnswer =
  | { readonly ask: 'connections'; readonly connections: readonly NodeConnection[] }
  | { readonly ask: 'close'; readonly closed: boolean }

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
