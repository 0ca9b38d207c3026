import { type LocalConnections, sampleSize } from './cluster-view-port.ts'
import { encodeDetails } from './node-details.ts'

/** How often a node with more users than it names collects the sample again, in milliseconds. */
const resampleMs = 5_000

/** The details of this node for its row, as often as they change. */
export class NodeReports {
  readonly #local: LocalConnections
  #changes = -1
  #rates = ''
  #sample: ReadonlyMap<string, number> = new Map()
  #sampleIsOld = true
  #sampledAt = Number.NEGATIVE_INFINITY

  constructor(local: LocalConnections) {
    this.#local = local
  }

  /** Whether users or connections changed since the last report. */
  get due(): boolean {
    return this.#changes !== this.#local.changes || this.#sampleDue
  }

  /** Returns the JSON to write; null when the last one still holds. */
  next(): string | null {
    const { changes } = this.#local
    const activity = this.#local.activity()
    const rates = { deliveries: rounded(activity.deliveries), actions: rounded(activity.actions) }
    const shownRates = `${rates.deliveries} ${rates.actions}`
    if (!this.due && shownRates === this.#rates) return null
    if (changes !== this.#changes) this.#sampleIsOld = true
    if (activity.users <= sampleSize || this.#sampleDue) this.#collect()
    this.#changes = changes
    this.#rates = shownRates
    return encodeDetails({ ...activity, ...rates, sample: this.#sample })
  }

  /** The last report was not written: the next one is complete. */
  forget(): void {
    this.#changes = -1
    this.#sampleIsOld = true
    this.#sampledAt = Number.NEGATIVE_INFINITY
  }

  get #sampleDue(): boolean {
    return this.#sampleIsOld && performance.now() - this.#sampledAt >= resampleMs
  }

  #collect(): void {
    this.#sample = this.#local.sample(sampleSize)
    this.#sampledAt = performance.now()
    this.#sampleIsOld = false
  }
}

function rounded(rate: number): number {
  return Math.round(rate * 10) / 10
}
