import { type Activity, type LocalConnections, sampleSize } from './cluster-view-port.ts'
import { encodeCounts, encodeSample, type NodeDetails, type UserSample } from './node-details.ts'

/**
 * How often a node collects its users again, in milliseconds: for each 10,000 users, because all users are visited, and never more
 * often than the minimum, because up to 1,000 keys are written. A node with few users writes them whenever they change.
 */
const resampleMs = 5_000
const leastResampleMs = 5_000
const fewUsers = 50

/** Texts for the row of this node; null where what was returned last still holds. */
export interface ReportTexts {
  readonly details: string | null
  readonly sample: string | null
}

/** The details of this node for its row, as often as they change. */
export class NodeReports {
  readonly #local: LocalConnections
  #changes = -1
  #rates = ''
  #sample: UserSample = new Map()
  #sampleNumber = 0
  #writtenSample = -1
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

  /** Returns the details of this moment, for this node itself; the sample of a node with many users may be older. */
  details(): NodeDetails {
    const activity = this.#local.activity()
    const fresh = activity.users <= sampleSize && this.#sampledChanges !== this.#local.changes
    return { ...activity, sample: fresh ? this.#local.sample(sampleSize) : this.#resample(activity) }
  }

  next(): ReportTexts {
    const activity = this.#local.activity()
    const rates = { deliveries: rounded(activity.deliveries), actions: rounded(activity.actions) }
    const shownRates = `${rates.deliveries} ${rates.actions}`
    if (!this.due && shownRates === this.#rates) return { details: null, sample: null }
    this.#changes = this.#local.changes
    this.#rates = shownRates
    const sample = this.#resample(activity)
    const details = encodeCounts({ ...activity, ...rates, sampleNumber: this.#sampleNumber })
    if (this.#writtenSample === this.#sampleNumber) return { details, sample: null }
    this.#writtenSample = this.#sampleNumber
    return { details, sample: encodeSample(sample) }
  }

  /** The last report was not written, or has new readers: the next one is written in any case. */
  forget(): void {
    this.#changes = -1
    this.#writtenSample = -1
  }

  /** Returns the sample for the others, collected again if it is old. */
  #resample(activity: Activity): UserSample {
    if (!this.#sampleIsOld(activity)) return this.#sample
    this.#sample = this.#local.sample(sampleSize)
    this.#sampleNumber += 1
    this.#sampledChanges = this.#local.changes
    this.#sampledAt = performance.now()
    return this.#sample
  }

  #sampleIsOld({ users }: Activity): boolean {
    if (this.#sampledChanges === this.#local.changes) return false
    if (users <= fewUsers) return true
    return performance.now() - this.#sampledAt >= Math.max(leastResampleMs, (resampleMs * users) / 10_000)
  }
}

function rounded(rate: number): number {
  return Math.round(rate * 10) / 10
}
