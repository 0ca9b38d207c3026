import type { AdmissionControl } from '../../admission/admission-control.ts'
import { BucketTable } from '../../admission/bucket-table.ts'
import type { Client } from '../../admission/client.ts'
import { ConnectionCounts } from '../../admission/connection-counts.ts'
import { refusalError, refuse } from '../../admission/refusal.ts'
import type { FocusError } from '../../common/errors.ts'
import { addressDefaults, type RealtimeLimits } from '../realtime-limits.ts'

/** Limits of one client address: its connections at a time, and its upgrades per minute. */
export class AddressLimits {
  readonly #limits: RealtimeLimits
  readonly #control: AdmissionControl
  readonly #upgrades: BucketTable
  readonly #counts = new ConnectionCounts()

  constructor(limits: RealtimeLimits, control: AdmissionControl) {
    this.#limits = limits
    this.#control = control
    this.#upgrades = new BucketTable(limits.upgradesPerMinute ?? addressDefaults.upgradesPerMinute, 60_000)
  }

  /** Counts one upgrade, or returns the error for an address above a limit. `now` is on the monotonic clock. */
  refusal(client: Client, now: number): FocusError | null {
    return this.#tooManyConnections(client) ?? this.#tooManyUpgrades(client, now)
  }

  /** Counts a connection of an address until it leaves. */
  join(client: Client): void {
    if (!this.#isExempt(client, this.#limits.connectionsPerAddress)) this.#counts.join(client)
  }

  leave(client: Client): void {
    if (!this.#isExempt(client, this.#limits.connectionsPerAddress)) this.#counts.leave(client)
  }

  #tooManyConnections(client: Client): FocusError | null {
    const { connectionsPerAddress } = this.#limits
    if (this.#isExempt(client, connectionsPerAddress)) return null
    if (!this.#counts.isFull(client, connectionsPerAddress ?? addressDefaults.connectionsPerAddress)) return null
    this.#control.count('connection', 'connections')
    return refusalError(refuse('connections', 5_000))
  }

  #tooManyUpgrades(client: Client, now: number): FocusError | null {
    if (this.#isExempt(client, this.#limits.upgradesPerMinute)) return null
    for (const { name, share } of client.networks) {
      const waitMs = this.#upgrades.waitMs(name, share, now)
      if (waitMs === 0) continue
      this.#control.count('connection', 'address')
      return refusalError(refuse('address', waitMs))
    }
    for (const { name, share } of client.networks) this.#upgrades.spend(name, share, now)
    return null
  }

  /** The defaults exempt loopback; a configured limit counts for every address. */
  #isExempt(client: Client, setting: number | null): boolean {
    return setting === null && (client.isLoopback || this.#control.isExempt(client))
  }
}
