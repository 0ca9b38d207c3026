/** One process of the cluster. */
export interface ClusterNode {
  /** A number of its own for each time that a process joined; higher than those of nodes that joined before. */
  readonly id: number
  readonly name: string
  /** An address of its machine; null when it has none. */
  readonly address: string | null
  /** The version of Focus. */
  readonly version: string
  /** When it joined for the first time, by the database's clock, in milliseconds since 1970. */
  readonly startedAt: number
}

/** The processes that share the database, as this one knows them. Reading it costs nothing. */
export interface ClusterNodes {
  /** This node. Its id changes when its lease ended, for example because the process was stopped, and it joined again. */
  readonly self: ClusterNode
  /** How far the clock of the database is ahead of this machine's, in milliseconds; null without a lease. */
  readonly clockDifferenceMs: number | null
  /** Whether one of the other nodes has no way to the broker, so that its messages do not arrive; as of the last renewal. */
  readonly peersAway: boolean
  /** The other nodes that are alive, as of the last renewal; none without a lease. */
  peers(): readonly ClusterNode[]
  /** Calls `listener` whenever nodes joined or left, `peersAway` changed, and when this node joined again. Returns a function that stops it. */
  onPeersChange(listener: (peers: readonly ClusterNode[]) => void): () => void
  /** Reads the list now, for example because an unknown node was heard of; calls at the same time share one read. */
  refresh(): Promise<void>
  /** Reads the list if a node has joined since: one short statement if none has. Never rejects. */
  look(): Promise<void>
  /** Leaves the cluster. */
  close(): Promise<void>
}
