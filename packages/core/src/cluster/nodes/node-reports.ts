import { type Activity, type LocalConnections, sampleSize } from './cluster-view-port.ts'
import { encodeDetails, type NodeDetails } from './node-details.ts'

/**
 * How often a node with more users than it names collects the sample again, in milliseconds: for each 10,000 users, because
 * all users are visited.
 */
const resampleMs = 5_000

/** The details of this node for its row, as often as they change. */
export class NodeReports {
  readonly #local: LocalConnections
  #changes = -1
  #rates = ''
  #sample: ReadonlyMap<string, number> = new Map()
  /** The number of changes when the sample was collected. */
  #sampledChanges = -1
  #sampledAt = Number.NEGATIVE_INFINITY

  constructor(local: LocalConnections) {
    this.#local = local
  }

  /** Whether users or connections changed since the last report. */
  get due(): boolean {
    return this.#changes !== this.#local.changes || this.#sampleIsOld(this.#local.activity())
  }

  /** Returns the details of this moment; the sample of a node with many users may be older. */
  details(): NodeDetails {
    const activity = this.#local.activity()
    if (this.#sampledChanges !== this.#local.changes && (activity.users <= sampleSize || this.#sampleIsOld(activity))) {
      this.#sample = this.#local.sample(sampleSize)
      this.#sampledChanges = this.#local.changes
      this.#sampledAt = performance.now()
    }
    return { ...activity, sample: this.#sample }
  }

  /** Returns the JSON to write; null when the last one still holds. */
  next(): string | null {
    const activity = this.#local.activity()
    const rates = { deliveries: rounded(activity.deliveries), actions: rounded(activity.actions) }
    const shownRates = `${rates.deliveries} ${rates.actions}`
    if (!this.due && shownRates === this.#rates) return null
    this.#changes = this.#local.changes
    this.#rates = shownRates
    return encodeDetails({ ...this.details(), ...rates })
  }

  /** The last report was not written, or has new readers: the next one is written in any case. */
  forget(): void {
    this.#changes = -1
  }

  #sampleIsOld({ users }: Activity): boolean {
    if (this.#sampledChanges === this.#local.changes) return false
    return performance.now() - this.#sampledAt >= (resampleMs * users) / 10_000
  }
}

function rounded(rate: number): number {
  return Math.round(rate * 10) / 10
}
