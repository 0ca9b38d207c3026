import type { NodeBroker } from '../broker-port.ts'
import type { ClusterNodes } from './nodes-port.ts'

/**
 * Tells the other nodes when this one joins, joins again or leaves, so that they read the list before their next renewal, and when its
 * messages arrive again.
 */
export class NodeAnnouncements {
  readonly #nodes: ClusterNodes
  readonly #broker: NodeBroker
  readonly #stop: readonly (() => void)[]
  #announced = 0

  constructor(nodes: ClusterNodes, broker: NodeBroker) {
    this.#nodes = nodes
    this.#broker = broker
    this.#stop = [
      broker.onControlMessage(({ kind }) => {
        if (kind === 'nodes_changed') void nodes.refresh()
      }),
      nodes.onPeersChange(() => this.#announce()),
      broker.onConnectionChange((connected) => connected && this.#tell(true)),
    ]
    this.#announce()
  }

  /** Leaves the cluster while the broker can still tell the others. */
  async close(): Promise<void> {
    for (const stop of this.#stop) stop()
    await this.#nodes.close()
    this.#tell()
  }

  #announce(): void {
    const { id } = this.#nodes.self
    if (id === this.#announced) return
    this.#announced = id
    this.#tell()
  }

  #tell(missed = false): void {
    this.#broker.publish({ kind: 'nodes_changed', ...(missed && { missed }) })
  }
}
