import type { LeasedDelivery } from '../outbox-port.ts'
import { addressMessage } from './addressing.ts'
import { attemptDelivery, type AttemptOutcome, retryOutcome } from './attempt.ts'
import { type Queued, userOf } from './lanes.ts'
import type { AttemptEnd } from './slots.ts'
import type { WorkerState } from './worker-state.ts'

/** Takes deliveries from the lanes while there are free slots, attempts each, and settles it. */
export class Attempts {
  readonly #state: WorkerState
  readonly #ended: () => void
  readonly #aborts = new Set<AbortController>()

  /** @param ended called after each attempt, when a slot is free again */
  constructor(state: WorkerState, ended: () => void) {
    this.#state = state
    this.#ended = ended
  }

  /** Starts attempts while there are free slots. */
  start(): void {
    const { pace, lanes, slots, active, closing } = this.#state
    while (pace.available >= 1 && !closing.aborted) {
      const next = lanes.take((user) => slots.mayStart(user))
      if (next === undefined) return
      pace.take(1)
      active.set(next.delivery.id, this.#occupySlot(next))
    }
  }

  /** Ends the attempts in progress. */
  abort(reason: Error): void {
    for (const abort of this.#aborts) abort.abort(reason)
  }

  async #occupySlot(queued: Queued): Promise<void> {
    const { slots, lanes, writer, active } = this.#state
    const user = userOf(queued.delivery)
    const startedAt = performance.now()
    slots.start(user)
    let result: AttemptEnd['result'] = 'failed'
    try {
      result = await this.#deliver(queued)
    } finally {
      slots.end(user, { result, lastedMs: performance.now() - startedAt })
      const surplus = lanes.trim(user, slots.queueLimit(user))
      writer.release(surplus.map(({ delivery }) => delivery.id))
      active.delete(queued.delivery.id)
      this.start()
      this.#ended()
    }
  }

  async #deliver(queued: Queued): Promise<AttemptEnd['result']> {
    const { pace, lanes, writer, clock, isDisabled } = this.#state
    const { delivery, startBefore } = queued
    // After `startBefore` the lease may run out during the attempt, and another node would start a second one.
    const untried = clock() > startBefore || pace.isPaused || isDisabled()
    if (untried) writer.release([delivery.id])
    else if (await this.#attempt(delivery)) {
      lanes.advance(queued)
      return 'settled'
    }
    const behind = lanes.block(queued, () => this.#written())
    writer.release(behind.map((other) => other.delivery.id))
    return untried ? 'untried' : 'failed'
  }

  /** Resolves with true when all results up to now are in the outbox; with false when the worker closes before. */
  async #written(): Promise<boolean> {
    const { writer, closing } = this.#state
    let written = false
    while (!written && !closing.aborted) written = await writer.flush()
    return written
  }

  /** Returns true when the next delivery of the lane may start: this one was delivered, or never will be. */
  async #attempt(delivery: LeasedDelivery): Promise<boolean> {
    const { transport, name, timeoutMs, clock, counters, writer } = this.#state
    const abort = new AbortController()
    this.#aborts.add(abort)
    try {
      const message = await addressMessage(transport, delivery.payload, this.#state)
      if (message === null) {
        counters.count(name, 'skipped')
        writer.complete(delivery.id)
        return true
      }
      const prolonged = (ms: number) => writer.prolong(delivery.id, clock() + ms + timeoutMs)
      return this.#settle(
        delivery,
        await attemptDelivery(transport, message, delivery, { abort, timeoutMs, prolonged }),
      )
    } catch (error) {
      return this.#settle(delivery, retryOutcome(error))
    } finally {
      this.#aborts.delete(abort)
    }
  }

  #settle(delivery: LeasedDelivery, outcome: AttemptOutcome): boolean {
    const { closing, writer, settlement } = this.#state
    // An attempt that the shutdown aborted does not count.
    if (closing.aborted && outcome.kind === 'retry' && outcome.aborted) {
      writer.release([delivery.id])
      return false
    }
    return settlement.settle(delivery, outcome)
  }
}
