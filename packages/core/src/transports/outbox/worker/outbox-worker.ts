import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../../../common/logging/logger.ts'
import type { Clock, RandomSource } from '../../../common/runtime.ts'
import { type Addressing, addressMessage } from './addressing.ts'
import { attemptDelivery, type AttemptOutcome, retryOutcome } from './attempt.ts'
import { boundedWaitMs, defaultRetryPolicy } from './backoff.ts'
import { type Queued, Lanes, userOf } from './lanes.ts'
import { Ledger } from './ledger.ts'
import type { LeasedDelivery, OutboxStore } from '../outbox-port.ts'
import { Pace } from './pace.ts'
import type { DeliveryCounters } from '../delivery-counters.ts'
import { Settlement } from './settlement.ts'
import { type AttemptEnd, Slots } from './slots.ts'
import type { RetryPolicy, Transport } from '../../transport.ts'

const defaults = { concurrency: 8, timeoutMs: 15_000 } as const
/** Rows leased ahead for each slot, so that a fast transport does not wait for the database. */
const prefetchPerSlot = 8
/** How long a row may wait in memory before its attempt begins; the lease lasts longer by one attempt. */
const patienceMs = 60_000
const pollMs = 1_000
const blockedPollMs = 250
const maxStoreBackoffMs = 30_000

export interface OutboxWorkerDeps extends Addressing {
  readonly transport: Transport
  /** Names this process in leases. */
  readonly owner: string
  readonly store: OutboxStore
  readonly isDisabled: () => boolean
  readonly disable: (reason: string) => Promise<void>
  readonly counters: DeliveryCounters
  readonly clock: Clock
  readonly random: RandomSource
  readonly logger: Logger
}

/**
 * Delivers what is due at one transport: leases rows, tries each, and tells the outbox what became of it. At least once: a
 * process that dies holds leases that run out, and the next attempt has the same idempotency key.
 */
export class OutboxWorker {
  readonly #deps: OutboxWorkerDeps
  readonly #transport: Transport
  readonly #concurrency: number
  readonly #timeoutMs: number
  readonly #retry: RetryPolicy
  readonly #pace: Pace
  readonly #ledger: Ledger
  readonly #settlement: Settlement
  readonly #closing = new AbortController()
  readonly #lanes = new Lanes()
  readonly #slots: Slots
  readonly #active = new Map<number, Promise<void>>()
  readonly #aborts = new Set<AbortController>()
  #pause = { from: 0, ms: 0 }
  #wake: () => void = () => undefined
  #woken = false
  #loop: Promise<void> | undefined

  constructor(deps: OutboxWorkerDeps) {
    this.#deps = deps
    this.#transport = deps.transport
    this.#concurrency = deps.transport.concurrency ?? defaults.concurrency
    this.#timeoutMs = deps.transport.timeoutMs ?? defaults.timeoutMs
    this.#retry = { ...defaultRetryPolicy, ...deps.transport.retry }
    this.#pace = new Pace(deps.transport.rate, deps.clock)
    this.#slots = new Slots({
      concurrency: this.#concurrency,
      personal: deps.transport.addresses !== undefined,
      slowMs: this.#timeoutMs / 4,
    })
    this.#ledger = new Ledger(deps.store, deps.owner, deps.clock, deps.logger)
    this.#settlement = new Settlement({ ...deps, transport: this.name, retry: this.#retry, ledger: this.#ledger })
  }

  get name(): string {
    return this.#transport.name
  }

  start(): void {
    this.#loop ??= this.#run()
  }

  /** There may be something due. */
  wake(): void {
    this.#woken = true
    this.#wake()
  }

  /** Delivers everything that is due now and settles it. Without `start()`: for frozen clocks. Returns how many were tried. */
  async runDue(): Promise<number> {
    let tried = 0
    for (;;) {
      const { leased } = await this.#fill()
      tried += leased
      this.#begin()
      if (this.#active.size > 0) await Promise.race(this.#active.values())
      else {
        await this.#ledger.flush()
        // What is queued still waits for its pace.
        if (leased === 0 || this.#lanes.size > 0) return tried
      }
    }
  }

  /** Ends cleanly: nothing new begins, what runs may finish within `graceMs` and is aborted then. */
  async close(graceMs: number): Promise<void> {
    this.#closing.abort(new Error('The server is shutting down.'))
    this.#wake()
    await this.#loop
    await this.#ledger.release(this.#lanes.takeAll().map(({ delivery }) => delivery.id))
    const grace = delay(graceMs, undefined, { ref: false })
    await Promise.race([Promise.allSettled(this.#active.values()), grace])
    for (const abort of this.#aborts) abort.abort(new Error('The server is shutting down.'))
    await Promise.allSettled(this.#active.values())
    await this.#ledger.close()
  }

  async #run(): Promise<void> {
    let failures = 0
    while (!this.#closing.signal.aborted) {
      this.#woken = false
      let pauseMs = pollMs
      try {
        const { leased, blocked, full } = await this.#fill()
        failures = 0
        this.#begin()
        if (leased > 0 && !full) continue
        if (blocked) pauseMs = blockedPollMs
        if (this.#pace.waitMs > 0) pauseMs = Math.min(pauseMs, this.#pace.waitMs)
      } catch (error) {
        failures += 1
        pauseMs = Math.min(maxStoreBackoffMs, pollMs * 2 ** failures)
        this.#deps.logger.warn('The outbox cannot be read; deliveries wait.', {
          transport: this.name,
          error,
        })
      }
      await this.#sleep(pauseMs, failures > 0)
    }
  }

  /** Until something may have come, a slot is free, or `ms` have passed. */
  async #sleep(ms: number, throughWakes: boolean): Promise<void> {
    if (this.#woken && !throughWakes) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      timer.unref()
      this.#wake = () => {
        if (throughWakes && !this.#closing.signal.aborted) return
        clearTimeout(timer)
        resolve()
      }
      if (this.#closing.signal.aborted) this.#wake()
    })
    this.#wake = () => undefined
  }

  /** Leases as much as there is room for. */
  async #fill(): Promise<{ leased: number; blocked: boolean; full: boolean }> {
    const now = this.#deps.clock()
    const capacity = this.#concurrency * prefetchPerSlot
    // Enough for users to take turns also where one attempt begins in a second, and no more than can begin in time.
    const room = Math.min(capacity, this.#pace.within(patienceMs / 2)) - this.#lanes.size
    const full = room < 1 || this.#lanes.size * 2 > capacity
    if (full || this.#deps.isDisabled() || this.#isPaused(now)) return { leased: 0, blocked: false, full: true }
    this.#lanes.leaseBegins()
    const { leased, blocked } = await this.#lease(now, room, capacity)
    // A row whose attempt outlived its lease in this very process comes back here; it is being tried already.
    const fresh = leased.filter(({ id }) => !this.#active.has(id))
    await this.#enqueue(fresh, now + patienceMs)
    return { leased: leased.length, blocked, full: false }
  }

  async #lease(now: number, room: number, capacity: number): Promise<{ leased: LeasedDelivery[]; blocked: boolean }> {
    const { store, owner } = this.#deps
    const lease = (limit: number, passOver: readonly string[]) =>
      store.lease({
        transport: this.name,
        owner,
        ordered: this.#transport.ordered ?? false,
        now,
        leaseMs: patienceMs + 2 * this.#timeoutMs,
        limit,
        passOver,
        admit: this.#slots.admission(this.#lanes.waiting, capacity),
      })
    const { served } = this.#slots
    const first = await lease(room, served)
    const left = room - first.deliveries.length
    if (left > 0) this.#slots.newRound()
    if (left === 0 || served.length === 0) return { leased: [...first.deliveries], blocked: first.blocked }
    const second = await lease(left, [])
    return { leased: [...first.deliveries, ...second.deliveries], blocked: second.blocked }
  }

  async #enqueue(deliveries: readonly LeasedDelivery[], startBefore: number): Promise<void> {
    for (const delivery of await this.#dropUnwanted(deliveries)) {
      if (!this.#lanes.add({ delivery, startBefore })) this.#ledger.giveBack(delivery.id)
    }
  }

  /** Escalations of what was read meanwhile or merged onwards, and what kept ending its worker. */
  async #dropUnwanted(deliveries: readonly LeasedDelivery[]): Promise<LeasedDelivery[]> {
    const { store, clock, counters } = this.#deps
    const escalations = deliveries.filter((delivery) => delivery.unless === 'read')
    const states = await store.readStates(escalations.map((delivery) => delivery.payload.id))
    const unread = escalations.filter((delivery) => states.get(delivery.payload.id) === 'unread')
    const replaced = await store.supersede(this.name, clock(), unread)
    return deliveries.filter((delivery) => {
      if (delivery.attempts > this.#retry.maxAttempts) {
        this.#settlement.markDead(
          delivery,
          `Its worker ended during each of ${this.#retry.maxAttempts} attempts.`,
          'attempts',
        )
        return false
      }
      if (delivery.unless === null || (unread.includes(delivery) && !replaced.has(delivery.id))) return true
      counters.count(this.name, 'cancelled')
      this.#ledger.done(delivery.id)
      return false
    })
  }

  /** Begins attempts while there are slots. */
  #begin(): void {
    while (this.#pace.available >= 1 && !this.#closing.signal.aborted) {
      const next = this.#lanes.take((user) => this.#slots.mayStart(user))
      if (next === undefined) return
      this.#pace.take(1)
      this.#active.set(next.delivery.id, this.#occupy(next))
    }
  }

  async #occupy(queued: Queued): Promise<void> {
    const user = userOf(queued.delivery)
    const began = performance.now()
    this.#slots.start(user)
    let result: AttemptEnd['result'] = 'failed'
    try {
      result = await this.#deliver(queued)
    } finally {
      this.#slots.end(user, { result, lastedMs: performance.now() - began })
      const surplus = this.#lanes.trim(user, this.#slots.queueLimit(user))
      for (const { delivery } of surplus) this.#ledger.giveBack(delivery.id)
      this.#active.delete(queued.delivery.id)
      this.#begin()
      this.wake()
    }
  }

  async #deliver(queued: Queued): Promise<AttemptEnd['result']> {
    const { delivery, startBefore } = queued
    const now = this.#deps.clock()
    // After its time another node may have leased it.
    const stale = now > startBefore || this.#isPaused(now) || this.#deps.isDisabled()
    if (stale) this.#ledger.giveBack(delivery.id)
    else if (await this.#attempt(delivery)) {
      this.#lanes.advance(queued)
      return 'over'
    }
    const behind = this.#lanes.stop(queued, () => this.#written())
    for (const one of behind) this.#ledger.giveBack(one.delivery.id)
    return stale ? 'untried' : 'failed'
  }

  /** Settles when everything up to now is in the outbox, or the worker ends. */
  async #written(): Promise<boolean> {
    let written = false
    while (!written && !this.#closing.signal.aborted) written = await this.#ledger.flush()
    return written
  }

  /** Counted from when it began, so that a clock that went back ends a pause rather than making it longer. */
  #isPaused(now: number): boolean {
    const { from, ms } = this.#pause
    return now >= from && now < from + ms
  }

  /** True when the next of the lane may go: this one has arrived, or never will. */
  async #attempt(delivery: LeasedDelivery): Promise<boolean> {
    const abort = new AbortController()
    this.#aborts.add(abort)
    try {
      const message = await addressMessage(this.#transport, delivery.payload, this.#deps)
      if (message === null) {
        this.#deps.counters.count(this.name, 'skipped')
        this.#ledger.done(delivery.id)
        return true
      }
      const outcome = await attemptDelivery(this.#transport, message, delivery, {
        abort,
        timeoutMs: this.#timeoutMs,
        prolonged: (ms) => this.#ledger.prolong(delivery.id, this.#deps.clock() + ms + this.#timeoutMs),
      })
      return this.#settle(delivery, outcome)
    } catch (error) {
      return this.#settle(delivery, retryOutcome(error))
    } finally {
      this.#aborts.delete(abort)
    }
  }

  #settle(delivery: LeasedDelivery, outcome: AttemptOutcome): boolean {
    if (outcome.kind === 'retry') {
      if (this.#closing.signal.aborted && outcome.aborted) {
        this.#ledger.giveBack(delivery.id)
        return false
      }
      if (outcome.pause && outcome.retryAfterMs !== null) {
        this.#pause = { from: this.#deps.clock(), ms: boundedWaitMs(outcome.retryAfterMs) }
      }
    }
    return this.#settlement.settle(delivery, outcome)
  }
}
