import type { Logger } from '../../common/logging/logger.ts'
import type { NodeList, StoredNode } from './node-store-port.ts'
import type { ClusterNode } from './nodes-port.ts'

type Listener = (peers: readonly ClusterNode[]) => void

/** The other nodes that are alive. Logs each that joins or leaves once. */
export class PeerList {
  readonly #logger: Logger
  readonly #leaseMs: number
  readonly #listeners = new Set<Listener>()
  readonly #sameName = new Map<number, number>()
  /** Live nodes with the name of this one. */
  readonly #twins = new Set<number>()
  #alive: readonly ClusterNode[] = []
  #away = false
  #warned = false

  constructor(logger: Logger, leaseMs: number) {
    this.#logger = logger
    this.#leaseMs = leaseMs
  }

  get alive(): readonly ClusterNode[] {
    return this.#alive
  }

  /** Whether one of them has no way to the broker. */
  get away(): boolean {
    return this.#away
  }

  onChange(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** @param changed tells the listeners even if the list is the same */
  update(list: NodeList, self: ClusterNode, changed: boolean): void {
    const others = list.nodes.filter(({ id }) => id !== self.id)
    this.#noteSameName(others, self)
    // A row with this node's name is one of an earlier life, unless it is renewed.
    const named = others.filter(({ id, name }) => name !== self.name || this.#twins.has(id))
    const rows = named.filter((node) => isAlive(node, list.now, this.#leaseMs))
    const alive = rows.map(toNode)
    const before = this.#alive
    const wasAway = this.#away
    this.#away = rows.some(({ brokerAway }) => brokerAway)
    this.#alive = alive
    const joined = alive.filter(({ id }) => !before.some((node) => node.id === id))
    const gone = before.filter(({ id }) => !alive.some((node) => node.id === id))
    for (const { name, address, version } of joined) {
      this.#logger.info('A node is in the cluster', { node: name, address, version })
    }
    for (const { id, name } of gone) {
      const ended = others.some((node) => node.id === id)
      this.#logger.info(ended ? 'The lease of a node ended' : 'A node left the cluster', { node: name })
    }
    if (!changed && this.#away === wasAway && joined.length === 0 && gone.length === 0) return
    for (const listener of this.#listeners) listener(alive)
  }

  /** Questions go to names, so that only one of two nodes of the same name is asked. */
  #noteSameName(others: readonly StoredNode[], self: ClusterNode): void {
    for (const { id, name, renewedAt } of others) {
      if (name !== self.name || this.#twins.has(id)) continue
      const known = this.#sameName.get(id)
      this.#sameName.set(id, renewedAt)
      // The row of an earlier life of this node is never renewed.
      if (known === undefined || known === renewedAt) continue
      this.#twins.add(id)
      if (this.#warned) continue
      this.#warned = true
      this.#logger.warn('Another process has the same node name: lists of connections leave one of the two out', {
        node: name,
        hint: 'Give each process its own FOCUS_NODE, or none.',
      })
    }
  }
}

/** A renewal in the future is left from before the database's clock was set back. */
function isAlive({ renewedAt }: StoredNode, now: number, leaseMs: number): boolean {
  return Math.abs(now - renewedAt) < leaseMs
}

function toNode({ id, name, address, version, startedAt }: StoredNode): ClusterNode {
  return { id, name, address, version, startedAt }
}
