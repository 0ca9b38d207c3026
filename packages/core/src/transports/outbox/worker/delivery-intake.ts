import type { LeasedDelivery } from '../outbox-port.ts'
import type { WorkerState } from './worker-state.ts'

/** Deliveries leased ahead for each slot, so that a fast transport does not wait for the database. */
const prefetchPerSlot = 8
/** How long a delivery may wait in memory for its attempt; its lease is longer by two attempts. */
const maxQueuedMs = 60_000

export interface IntakeResult {
  /** The number of deliveries that were leased. */
  readonly leased: number
  /** Whether deliveries may be due that could not be leased this time. */
  readonly blocked: boolean
  /** Whether nothing was leased because there was no room, or the transport is paused or switched off. */
  readonly full: boolean
}

/** Leases due deliveries, drops those that are no longer wanted, and queues the others in the lanes. */
export class Intake {
  readonly #state: WorkerState

  constructor(state: WorkerState) {
    this.#state = state
  }

  /** Leases as many deliveries as there is room for. */
  async fill(): Promise<IntakeResult> {
    const { concurrency, pace, lanes, active, clock, debug, name, isDisabled } = this.#state
    const now = clock()
    const capacity = concurrency * prefetchPerSlot
    // Few enough to start in time, and enough for users to take turns even at one attempt per second.
    const room = Math.min(capacity, pace.within(maxQueuedMs / 2)) - lanes.size
    const full = room < 1 || lanes.size * 2 > capacity
    if (full || isDisabled() || pace.isPaused) return { leased: 0, blocked: false, full: true }
    lanes.leaseStarts()
    const { deliveries, blocked } = await this.#lease(now, room, capacity)
    if (debug.enabled && deliveries.length > 0)
      debug('deliveries leased', { transport: name, count: deliveries.length })
    // This process may lease a delivery whose attempt outlived its lease. That attempt is still running.
    const fresh = deliveries.filter(({ id }) => !active.has(id))
    await this.#enqueue(fresh, now + maxQueuedMs)
    return { leased: deliveries.length, blocked, full: false }
  }

  /** Leases deliveries of users who had no turn in this round first, then those of the others. */
  async #lease(now: number, room: number, capacity: number) {
    const { slots } = this.#state
    const { served } = slots
    const first = await this.#leaseExcept(served, now, room, capacity)
    const left = room - first.deliveries.length
    if (left > 0) slots.newRound()
    if (left === 0 || served.length === 0) return first
    const second = await this.#leaseExcept([], now, left, capacity)
    return { deliveries: [...first.deliveries, ...second.deliveries], blocked: second.blocked }
  }

  #leaseExcept(passOver: readonly string[], now: number, limit: number, capacity: number) {
    const { store, owner, name, transport, timeoutMs, slots, lanes } = this.#state
    return store.lease({
      transport: name,
      owner,
      ordered: transport.ordered ?? false,
      now,
      leaseMs: maxQueuedMs + 2 * timeoutMs,
      limit,
      passOver,
      admit: slots.admission(lanes.waiting, capacity),
    })
  }

  async #enqueue(deliveries: readonly LeasedDelivery[], startBefore: number): Promise<void> {
    const { lanes, writer } = this.#state
    const escalations = await this.#obsoleteEscalations(deliveries)
    for (const delivery of deliveries) {
      if (this.#isExhausted(delivery)) this.#markExhausted(delivery)
      else if (escalations.has(delivery)) this.#cancel(delivery)
      else if (!lanes.add({ delivery, startBefore })) writer.release([delivery.id])
    }
  }

  /** Returns the escalations of notifications that were read, removed, or merged into one that escalates itself. */
  async #obsoleteEscalations(deliveries: readonly LeasedDelivery[]): Promise<ReadonlySet<LeasedDelivery>> {
    const { store, name, clock } = this.#state
    const escalations = deliveries.filter((delivery) => delivery.unless === 'read')
    if (escalations.length === 0) return new Set()
    const states = await store.readStates(escalations.map((delivery) => delivery.payload.id))
    const isUnread = (delivery: LeasedDelivery) => states.get(delivery.payload.id) === 'unread'
    const superseded = await store.supersede(name, clock(), escalations.filter(isUnread))
    return new Set(escalations.filter((delivery) => !isUnread(delivery) || superseded.has(delivery.id)))
  }

  #isExhausted({ attempts }: LeasedDelivery): boolean {
    return attempts > this.#state.retry.maxAttempts
  }

  #markExhausted(delivery: LeasedDelivery): void {
    const { settlement, retry } = this.#state
    const reason = `The server process ended during each of ${retry.maxAttempts} attempts.`
    settlement.markDead(delivery, reason, 'attempts')
  }

  #cancel({ id }: LeasedDelivery): void {
    const { counters, name, writer } = this.#state
    counters.count(name, 'cancelled')
    writer.complete(id)
  }
}
