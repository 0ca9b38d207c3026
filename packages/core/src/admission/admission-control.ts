import { isIP } from 'node:net'
import { LRUCache } from 'lru-cache'
import type { Logger } from '../common/logging/logger.ts'
import type { UserKey } from '../common/user-id.ts'
import { BucketTable } from './bucket-table.ts'
import type { BudgetName, Budgets, Spending } from './budgets.ts'
import { Client } from './client.ts'
import type { ClientAddressFinder } from '../net/addresses/client-address.ts'
import { networksOf } from '../net/addresses/networks.ts'
import { type Refusal, type RefusalReason, refuse } from './refusal.ts'
import { TokenBucket } from './token-bucket.ts'

const minuteMs = 60_000
/** A sixth of a minute's process-wide allowance may be spent at once. */
const burstMs = 10_000
/** Remembered addresses with earlier sign-ins; the last half of the process-wide budgets is reserved for them. */
const maxKnownAddresses = 20_000
/** Minimum time between two warnings about wrong admin keys. */
const warningIntervalMs = 60_000

export interface AdmissionDeps {
  readonly budgets: Budgets
  readonly findAddress: ClientAddressFinder
  readonly logger: Logger
  /** A monotonic clock, in milliseconds. */
  readonly now?: () => number
}

/** Result of verifying credentials; `unknown` if the verification itself failed. */
export type TrialOutcome = 'good' | 'bad' | 'unknown'

/**
 * Decides which requests are served under load, with budgets by address, by user and for the whole process. Every check
 * is synchronous and cheaper than any answer. The budgets of two processes are independent, unless `SharedBudgets` connects those of
 * addresses.
 */
export class AdmissionControl {
  readonly budgets: Budgets
  /** Refusals by class of request and reason, such as `start:address`. */
  readonly refusals = new Map<string, number>()
  readonly #findAddress: ClientAddressFinder
  readonly #logger: Logger
  readonly #now: () => number
  readonly #byAddress: ReadonlyMap<BudgetName, BucketTable>
  readonly #byProcess: ReadonlyMap<BudgetName, TokenBucket>
  readonly #users: BucketTable
  readonly #knownAddresses = new LRUCache<string, true>({ max: maxKnownAddresses })
  readonly #warned = new Set<string>()
  #onSpend: ((budget: BudgetName, address: string) => void) | null = null
  #wrongAdminKeys = 0
  #adminKeyWarningAt = Number.NEGATIVE_INFINITY

  constructor({ budgets, findAddress, logger, now = () => performance.now() }: AdmissionDeps) {
    this.budgets = budgets
    this.#findAddress = findAddress
    this.#logger = logger
    this.#now = now
    const { perMinute, perProcess, perUser } = budgets
    this.#byAddress = new Map(
      namesOf(perMinute).map((name) => [name, new BucketTable(perMinute[name], minuteMs)] as const),
    )
    this.#byProcess = new Map(
      namesOf(perProcess).map(
        (name) => [name, new TokenBucket(Math.max(2, perProcess[name] / 6), burstMs, now())] as const,
      ),
    )
    this.#users = new BucketTable(perUser.capacity, (perUser.capacity / perUser.perSecond) * 1_000)
  }

  /** Returns the client of a request. Warns once about a reverse proxy that `FOCUS_TRUSTED_PROXIES` does not name. */
  client(peer: string | undefined, forwardedFor: string | null | undefined): Client {
    const client = new Client(this.#findAddress(peer, forwardedFor))
    if (client.forwarded === 'ignored') this.#warnOfProxy(client)
    else if (client.address === null && !this.isExempt(client)) this.#warnOfNameless()
    return client
  }

  /** Returns whether a client is exempt from all budgets. */
  isExempt(client: Client): boolean {
    const { enabled, exemptLoopback } = this.budgets
    return !enabled || (exemptLoopback && (client.address === null || client.isLoopback))
  }

  /** Takes one request from the budgets of its address and of the process. Returns a refusal if one of them is empty. */
  request(budget: BudgetName, client: Client): Refusal | null {
    if (this.isExempt(client)) return null
    const now = this.#now()
    const waitMs = this.#addressWaitMs(budget, client, now)
    if (waitMs > 0) return this.#refuse(budget, 'address', waitMs)
    const processWaitMs = this.#takeFromProcess(budget, client, now)
    if (processWaitMs > 0) return this.#refuse(budget, 'process', processWaitMs)
    this.#spend(budget, client, now)
    return null
  }

  /** Returns a refusal if unverified credentials may not be verified now. Takes nothing from any budget. */
  mayTry(client: Client): Refusal | null {
    if (this.isExempt(client)) return null
    const now = this.#now()
    const waitMs = this.#addressWaitMs('credentials', client, now)
    if (waitMs > 0) return this.#refuse('credentials', 'credentials', waitMs)
    const processWaitMs = this.#processWaitMs('credentials', client, now)
    return processWaitMs > 0 ? this.#refuse('credentials', 'process', processWaitMs) : null
  }

  /** Starts the verification of credentials: takes one unit of the process's budget, which `tried` may give back. */
  startTrial(client: Client): Refusal | null {
    const refusal = this.mayTry(client)
    if (refusal === null && !this.isExempt(client)) this.#takeFromProcess('credentials', client, this.#now())
    return refusal
  }

  /** Ends a verification that `startTrial` permitted. Only bad credentials stay counted. */
  tried(client: Client, outcome: TrialOutcome): void {
    if (this.isExempt(client)) return
    if (outcome === 'bad') {
      this.#spend('credentials', client, this.#now())
      return
    }
    this.#byProcess.get('credentials')?.refund(1)
    if (outcome === 'good') this.remember(client)
  }

  /** Marks an address as known after a sign-in: the last half of the process's budgets is reserved for known addresses. */
  remember(client: Client): void {
    if (!this.isExempt(client)) this.#knownAddresses.set(client.name, true)
  }

  /** Takes the cost of a request from the user's budget; a cost above the whole budget takes all of it. */
  user(userKey: UserKey, cost: number, client: Client): Refusal | null {
    if (this.isExempt(client)) return null
    const now = this.#now()
    const units = Math.min(cost, this.budgets.perUser.capacity)
    const waitMs = this.#users.waitMs(userKey, 1, now, units)
    if (waitMs > 0) return this.#refuse('user', 'user', waitMs)
    this.#users.spend(userKey, 1, now, units)
    return null
  }

  /** Charges work whose cost is known only afterwards. It delays the user's next requests. */
  charge(userKey: UserKey, cost: number, client: Client): void {
    if (cost > 0 && !this.isExempt(client)) this.#users.spend(userKey, 1, this.#now(), cost)
  }

  /** Returns a refusal if an address has presented too many wrong admin keys. */
  adminKey(client: Client): Refusal | null {
    if (this.isExempt(client)) return null
    const waitMs = this.#addressWaitMs('adminKey', client, this.#now())
    if (waitMs === 0) return null
    this.#countWrongAdminKey(client)
    return this.#refuse('admin', 'admin_key', waitMs)
  }

  /** Counts a wrong admin key. Returns null if it is answered as wrong, or a refusal if there were too many. */
  wrongAdminKey(client: Client): Refusal | null {
    this.#countWrongAdminKey(client)
    if (!this.isExempt(client)) {
      const now = this.#now()
      this.#spend('adminKey', client, now)
      const waitMs = this.#takeFromProcess('adminKey', client, now)
      if (waitMs > 0) return this.#refuse('admin', 'process', waitMs)
    }
    this.count('admin', 'invalid_admin_key')
    return null
  }

  /** Calls `listener` with each request that an address paid for; returns a function that stops it. There is one listener. */
  onSpend(listener: (budget: BudgetName, address: string) => void): () => void {
    this.#onSpend = listener
    return () => (this.#onSpend = null)
  }

  /** Takes what addresses spent at another process, even if less is left here. Ignores what cannot be read. */
  spentElsewhere(spendings: readonly Spending[]): void {
    if (!this.budgets.enabled || !Array.isArray(spendings)) return
    const now = this.#now()
    for (const spending of spendings) {
      if (!Array.isArray(spending)) continue
      const [budget, address, count] = spending as unknown as Spending
      const table = this.#byAddress.get(budget as BudgetName)
      if (!table || isIP(address) === 0 || !Number.isSafeInteger(count) || count < 1) continue
      for (const { name, share } of networksOf(address)) table.spend(name, share, now, count)
    }
  }

  /** Counts a refusal that another part decided. */
  count(kind: string, reason: string): void {
    const key = `${kind}:${reason}`
    this.refusals.set(key, (this.refusals.get(key) ?? 0) + 1)
  }

  /** Returns whether there was a recent sign-in from this address. */
  isKnown(client: Client): boolean {
    return this.#knownAddresses.has(client.name)
  }

  #refuse(kind: string, reason: RefusalReason, waitMs: number): Refusal {
    this.count(kind, reason)
    return refuse(reason, waitMs)
  }

  /** Checks the widest network first: narrower networks of an exhausted one then take no memory. */
  #addressWaitMs(budget: BudgetName, client: Client, now: number): number {
    const table = this.#byAddress.get(budget)
    for (const { name, share } of client.networks) {
      const waitMs = table?.waitMs(name, share, now) ?? 0
      if (waitMs > 0) return waitMs
    }
    return 0
  }

  #spend(budget: BudgetName, client: Client, now: number): void {
    const table = this.#byAddress.get(budget)
    for (const { name, share } of client.networks) table?.spend(name, share, now)
    // An unnamed proxy stands for other clients at each process.
    if (this.#onSpend !== null && client.address !== null && !client.isUnnamedProxy)
      this.#onSpend(budget, client.address)
  }

  #takeFromProcess(budget: BudgetName, client: Client, now: number): number {
    const waitMs = this.#processWaitMs(budget, client, now)
    if (waitMs === 0) this.#byProcess.get(budget)?.take(now)
    return waitMs
  }

  #processWaitMs(budget: BudgetName, client: Client, now: number): number {
    const reserved = this.isKnown(client) ? 0 : Math.floor(this.budgets.perProcess[budget] / 12)
    return this.#byProcess.get(budget)?.waitMs(now, 1 + reserved) ?? 0
  }

  #warnOfProxy(client: Client): void {
    const key = client.isUnnamedProxy ? 'proxy' : 'forwarded'
    if (this.#warned.has(key)) return
    this.#warned.add(key)
    const peer = client.address ?? 'unix'
    this.#logger.warn(
      `X-Forwarded-For of ${client.address ?? 'a peer without an address'} is ignored, so all clients behind it share the limits of one client. If it is your reverse proxy, set FOCUS_TRUSTED_PROXIES=${peer}.`,
    )
  }

  #warnOfNameless(): void {
    if (this.#warned.has('nameless')) return
    this.#warned.add('nameless')
    this.#logger.warn(
      'Requests come from a peer without an address (a Unix socket, or a host that passes none), so all clients share one limit. If a reverse proxy in front sets X-Forwarded-For, set FOCUS_TRUSTED_PROXIES=unix.',
    )
  }

  #countWrongAdminKey(client: Client): void {
    this.#wrongAdminKeys += 1
    const now = this.#now()
    if (now - this.#adminKeyWarningAt < warningIntervalMs) return
    this.#adminKeyWarningAt = now
    this.#logger.warn('Wrong admin keys were presented', { count: this.#wrongAdminKeys, address: client.address })
    this.#wrongAdminKeys = 0
  }
}

function namesOf<Name extends string>(record: Readonly<Record<Name, number>>): Name[] {
  return Object.keys(record) as Name[]
}
