/** What a process tells about itself when it joins. */
export interface NewNode {
  readonly name: string
  /** An address of its machine; null when it has none. */
  readonly address: string | null
  /** The version of Focus. */
  readonly version: string
  /** When it joined for the first time; null for now. */
  readonly startedAt: number | null
}

/** What a node writes about itself; null leaves what is there. */
export interface NodeReport {
  readonly brokerAway: boolean
  /** JSON of `NodeCounts`. */
  readonly details: string | null
  /** JSON of the users that the node names. */
  readonly sample: string | null
}

/** One process of the cluster, as the database knows it. */
export interface StoredNode {
  /** A number of its own for each time that a process joined; higher than those of nodes that joined before. */
  readonly id: number
  readonly name: string
  readonly address: string | null
  readonly version: string
  /** When it joined for the first time. All times are of the database's clock, in milliseconds since 1970. */
  readonly startedAt: number
  readonly renewedAt: number
  /** Whether it has no way to the broker, so that its messages do not arrive. */
  readonly brokerAway: boolean
}

/** All rows, and the time at which the database read them. */
export interface NodeList {
  readonly now: number
  readonly nodes: readonly StoredNode[]
}

/** Port: the processes that share one database. Failures are FocusErrors of the storage, such as `storage_unavailable`. */
export interface NodeStore {
  /** Adds a node; returns its id. */
  join(node: NewNode): Promise<number>
  /**
   * Renews a lease that has not ended.
   *
   * @returns false when the lease ended, or the row was removed: the node joins again
   */
  renew(id: number, leaseMs: number, report: NodeReport): Promise<boolean>
  /** Lists every node, those included whose lease ended but were not pruned; the lowest id first. */
  list(): Promise<NodeList>
  /** Returns the highest id; 0 without any node. */
  newest(): Promise<number>
  /** Returns the details, or the samples, of nodes by their ids. */
  texts(column: 'details' | 'sample', ids: readonly number[]): Promise<Map<number, string>>
  leave(id: number): Promise<void>
  /** Removes nodes that were not renewed for `keptMs`, and nodes whose renewal lies as far in the future. */
  prune(keptMs: number): Promise<void>
}
