/** What connects the nodes: a driver of Focus, or a broker of the application. */
export type BrokerKind = 'memory' | 'database' | 'redis' | 'own'

/** The broker of this node, for operators. */
export interface BrokerState {
  readonly kind: BrokerKind
  /** False while messages of other nodes may be lost. */
  readonly connected: boolean
  /** Messages that this node gave to the broker since it started, and those that it received from other nodes. */
  readonly sent: number
  readonly received: number
  /** Messages that this node did not understand, and payloads of Redis that no node signed. */
  readonly refused: number
}
