import type { ClusterNode, ClusterNodes } from '../nodes/nodes-port.ts'
import type { MessageRow } from './message-row.ts'

/**
 * How long a new node waits until its peers write that they know it: longer than their renewals take. Peers that are silent until
 * then have ended, and their leases have not.
 */
const introducedAfterMs = 8_000

/**
 * Knows which peers leave wake-ups for this node. A node that joins writes `hello`; each peer answers, once it has the node in its
 * list, with a row that names the nodes it knows. Until then its commits may come without a wake-up.
 */
export class Introductions {
  readonly #nodes: Pick<ClusterNodes, 'self' | 'peers'>
  readonly #changed: () => void
  /** Peers that are waited for, by their numbers. */
  readonly #unsure = new Set<number>()
  #id: number
  #timer: NodeJS.Timeout | null = null

  /** @param changed called after `complete` changed */
  constructor(nodes: Pick<ClusterNodes, 'self' | 'peers'>, changed: () => void) {
    this.#nodes = nodes
    this.#changed = changed
    this.#id = nodes.self.id
    this.#expect(nodes.peers())
  }

  /** Whether all peers are known to leave wake-ups for this node. */
  get complete(): boolean {
    return this.#unsure.size === 0
  }

  /** Whether this node has another number than at the last look: then it introduces itself again. */
  rejoined(): boolean {
    if (this.#nodes.self.id === this.#id) return false
    this.#id = this.#nodes.self.id
    this.#expect(this.#nodes.peers())
    return true
  }

  /** Forgets peers that left. Nodes that joined later read this node's row in the list before they write anything. */
  peersChanged(peers: readonly ClusterNode[]): void {
    for (const id of this.#unsure) if (!peers.some((peer) => peer.id === id)) this.#resolve(id)
  }

  /** Reads a row of a peer. */
  heard(peer: number, row: MessageRow): void {
    if (row.peers.includes(this.#id)) this.#resolve(peer)
  }

  close(): void {
    if (this.#timer) clearTimeout(this.#timer)
  }

  #expect(peers: readonly ClusterNode[]): void {
    for (const { id } of peers) this.#unsure.add(id)
    if (this.#timer) clearTimeout(this.#timer)
    if (this.#unsure.size === 0) return
    this.#timer = setTimeout(() => {
      for (const id of this.#unsure) this.#resolve(id)
    }, introducedAfterMs)
    this.#timer.unref()
  }

  #resolve(id: number): void {
    if (this.#unsure.delete(id) && this.#unsure.size === 0) this.#changed()
  }
}
