import type { AdmissionControl } from './admission-control.ts'
import type { BudgetName, Spending } from './budgets.ts'

/** Budgets that hold for all processes together. `public` routes cost less than telling the others of them. */
const sharedBudgets: ReadonlySet<BudgetName> = new Set<BudgetName>([
  'start',
  'callback',
  'refresh',
  'redeem',
  'ticket',
  'credentials',
  'adminKey',
])
/** Addresses in one report; further ones are limited by each process for itself. */
const maxAddresses = 2_000

/**
 * Lets the budgets of addresses hold for all processes of a cluster: each process tells the others what it served, and takes what
 * they served from its own buckets. A check is local and never waits. Requests at several processes within one interval are
 * all served; their cost is deducted afterwards.
 */
export class SharedBudgets {
  readonly #intervalMs: number
  readonly #send: (spendings: readonly Spending[]) => void
  readonly #stop: () => void
  #counts = new Map<string, { readonly budget: BudgetName; readonly address: string; count: number }>()
  #timer: NodeJS.Timeout | null = null

  /** @param intervalMs the most often that `send` is called, in milliseconds */
  constructor(
    control: Pick<AdmissionControl, 'onSpend'>,
    intervalMs: number,
    send: (spendings: readonly Spending[]) => void,
  ) {
    this.#intervalMs = intervalMs
    this.#send = send
    this.#stop = control.onSpend((budget, address) => this.#note(budget, address))
  }

  async close(): Promise<void> {
    this.#stop()
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #note(budget: BudgetName, address: string): void {
    if (!sharedBudgets.has(budget)) return
    const key = `${budget} ${address}`
    const known = this.#counts.get(key)
    if (known) known.count += 1
    else if (this.#counts.size < maxAddresses) this.#counts.set(key, { budget, address, count: 1 })
    this.#timer ??= setTimeout(() => this.#flush(), this.#intervalMs).unref()
  }

  #flush(): void {
    this.#timer = null
    const spendings = [...this.#counts.values()].map(({ budget, address, count }) => [budget, address, count] as const)
    this.#counts = new Map()
    this.#send(spendings)
  }
}
