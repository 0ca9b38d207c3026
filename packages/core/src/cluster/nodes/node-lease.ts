import { settledWithin } from '../../common/async/settled-within.ts'
import type { Runtime } from '../../common/runtime.ts'
import { PeerList } from './peer-list.ts'
import type { NewNode, NodeReport, NodeStore } from './node-store-port.ts'
import type { ClusterNode, ClusterNodes } from './nodes-port.ts'

/** Durations in milliseconds. */
export interface LeaseTimes {
  /** How long a node counts as alive after its last renewal. */
  readonly leaseMs: number
  readonly renewMs: number
  /** How long rows of dead nodes are kept, so that messages of them that are late are still understood. */
  readonly keptMs: number
}

export const leaseTimes: LeaseTimes = { leaseMs: 15_000, renewMs: 5_000, keptMs: 60_000 }

/** How long leaving may take. A lease that stays behind ends by itself. */
const closeMs = 1_000

export interface LeaseDeps {
  readonly store: NodeStore
  readonly runtime: Pick<Runtime, 'logger' | 'debug'>
  readonly self: Omit<NewNode, 'startedAt'>
  readonly times?: LeaseTimes
}

/** The description of this node as JSON. */
export interface Reports {
  /** Returns null for what still holds since it was returned last. */
  next(): Pick<NodeReport, 'details' | 'sample'>
  /** The description that was returned last was not written. */
  forget(): void
}

/**
 * Keeps this node in the list of nodes, and reads the others with each renewal. A node whose lease ended, because the process was
 * stopped or the database was away, joins again by itself. While the database is away, the last list stays in force.
 */
export class NodeLease implements ClusterNodes {
  readonly #deps: LeaseDeps
  readonly #times: LeaseTimes
  readonly #peers: PeerList
  #self: ClusterNode
  #clockDifferenceMs = 0
  /** The highest id of the list. */
  #newest = 0
  #reports: Reports | null = null
  #timer: NodeJS.Timeout | null = null
  #renewing: Promise<void> | null = null
  #reporting: Promise<void> | null = null
  #brokerAway = false
  /** Whether this node has a new id that the listeners do not know yet. */
  #rejoined = false
  #closed = false

  private constructor(deps: LeaseDeps, id: number) {
    this.#deps = deps
    this.#times = deps.times ?? leaseTimes
    this.#self = { ...deps.self, id, startedAt: 0 }
    this.#peers = new PeerList(deps.runtime.logger, this.#times.leaseMs)
  }

  /**
   * Joins the cluster, and knows its other nodes when it resolves.
   *
   * @throws FocusError `storage_unavailable`
   */
  static async join(deps: LeaseDeps): Promise<NodeLease> {
    const lease = new NodeLease(deps, await deps.store.join({ ...deps.self, startedAt: null }))
    await lease.#readList()
    lease.#schedule()
    return lease
  }

  get self(): ClusterNode {
    return this.#self
  }

  get clockDifferenceMs(): number {
    return this.#clockDifferenceMs
  }

  get peersAway(): boolean {
    return this.#peers.away
  }

  peers(): readonly ClusterNode[] {
    return this.#peers.alive
  }

  onPeersChange(listener: (peers: readonly ClusterNode[]) => void): () => void {
    return this.#peers.onChange(listener)
  }

  async refresh(): Promise<void> {
    // A running read may have started before the change that the caller heard of.
    await this.#renewing
    await this.renew()
  }

  async look(): Promise<void> {
    try {
      const newest = await this.#deps.store.newest()
      if (newest > this.#newest) await this.refresh()
    } catch (error) {
      this.#trace('looking for other nodes failed', error)
    }
  }

  /** Renews the lease and reads the list. Never rejects: what failed is tried again with the next renewal. */
  renew(): Promise<void> {
    this.#renewing ??= this.#renewOnce()
      .catch((error: unknown) => this.#trace('renewing the lease failed', error))
      .finally(() => {
        this.#renewing = null
      })
    return this.#renewing
  }

  /** Has this node describe itself to the others: with each renewal, and when `report` is called. */
  describeWith(reports: Reports): void {
    this.#reports = reports
  }

  /** Writes the description now, if it changed. Never rejects, as `renew`. */
  report(): Promise<void> {
    this.#reporting ??= this.#write()
      .then(
        () => undefined,
        (error: unknown) => this.#trace('writing the description of this node failed', error),
      )
      .finally(() => {
        this.#reporting = null
      })
    return this.#reporting
  }

  /** Tells the others whether messages of this node reach them. Never rejects, as `renew`. */
  async setBrokerAway(away: boolean): Promise<void> {
    this.#brokerAway = away
    // A write that has begun may carry the state before.
    await this.#reporting
    await this.report()
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
    const written = Promise.all([this.#renewing, this.#reporting])
    await settledWithin(
      closeMs,
      written.then(() => this.#deps.store.leave(this.#self.id)),
    )
  }

  async #renewOnce(): Promise<void> {
    if (this.#closed) return
    const { store, runtime, self } = this.#deps
    if (!(await this.#write())) {
      const id = await store.join({ ...self, startedAt: this.#self.startedAt })
      runtime.logger.info('The lease of this node had ended; it joined the cluster again', { node: self.name, id })
      this.#self = { ...this.#self, id }
      this.#rejoined = true
    }
    await this.#readList()
  }

  /** Renews the lease, with the description while there is anybody to read it. Returns false when the lease ended. */
  async #write(): Promise<boolean> {
    if (this.#closed) return true
    const reports = this.#peers.alive.length > 0 ? this.#reports : null
    try {
      const texts = reports?.next() ?? { details: null, sample: null }
      const report = { ...texts, brokerAway: this.#brokerAway }
      const renewed = await this.#deps.store.renew(this.#self.id, this.#times.leaseMs, report)
      if (!renewed) this.#reports?.forget()
      return renewed
    } catch (error) {
      this.#reports?.forget()
      throw error
    }
  }

  async #readList(): Promise<void> {
    const { store } = this.#deps
    const askedAt = Date.now()
    const list = await store.list()
    if (list.nodes.length > 0) this.#clockDifferenceMs = Math.round(list.now - (askedAt + Date.now()) / 2)
    const own = list.nodes.find(({ id }) => id === this.#self.id)
    if (own) this.#self = { ...this.#self, startedAt: own.startedAt }
    this.#newest = list.nodes.at(-1)?.id ?? 0
    const rejoined = this.#rejoined
    this.#rejoined = false
    this.#peers.update(list, this.#self, rejoined)
    const { keptMs } = this.#times
    if (list.nodes.some(({ renewedAt }) => Math.abs(list.now - renewedAt) > keptMs)) await store.prune(keptMs)
  }

  #trace(message: string, error: unknown): void {
    this.#deps.runtime.debug('broker')(message, { error })
  }

  #schedule(): void {
    if (this.#closed) return
    // Nodes that started together spread over time.
    const delayMs = this.#times.renewMs * (0.9 + 0.2 * Math.random())
    this.#timer = setTimeout(() => {
      void this.renew().then(() => this.#schedule())
    }, delayMs)
    this.#timer.unref()
  }
}
