import type { Logger } from '../../../common/logging/logger.ts'
import type { Clock, RandomSource } from '../../../common/runtime.ts'
import type { AttemptOutcome } from './attempt.ts'
import { retryDelayMs } from './backoff.ts'
import type { DeliveryCounters } from '../delivery-counters.ts'
import type { FailureCategory } from '../../transport-errors.ts'
import type { Ledger } from './ledger.ts'
import type { LeasedDelivery, Reached } from '../outbox-port.ts'
import type { RetryPolicy } from '../../transport.ts'

export interface SettlementDeps {
  readonly transport: string
  readonly retry: RetryPolicy
  readonly ledger: Ledger
  readonly counters: DeliveryCounters
  readonly disable: (reason: string) => Promise<void>
  readonly clock: Clock
  readonly random: RandomSource
  readonly logger: Logger
}

/** Decides what becomes of a delivery after an attempt, and tells the outbox, the counters and the log. */
export class Settlement {
  readonly #deps: SettlementDeps

  constructor(deps: SettlementDeps) {
    this.#deps = deps
  }

  /** True when the delivery is over: it arrived, or never will. */
  settle(delivery: LeasedDelivery, outcome: AttemptOutcome): boolean {
    switch (outcome.kind) {
      case 'arrived':
        this.#arrived(delivery)
        return true
      case 'never':
        if (outcome.disable) this.#disable(outcome.reason)
        this.markDead(delivery, outcome.reason, outcome.category)
        return true
      case 'retry':
        return this.#again(delivery, outcome)
    }
  }

  /** Parks a delivery that nobody tries again by itself. */
  markDead(delivery: LeasedDelivery, reason: string, category: FailureCategory, reached = delivery.reached): void {
    const { transport, counters, logger, ledger } = this.#deps
    counters.count(transport, 'dead')
    counters.countFailure(transport, 'dead', category)
    logger.warn('A delivery is dead.', {
      transport,
      notification: delivery.payload.id,
      attempts: delivery.attempts,
      reason,
    })
    ledger.dead({ id: delivery.id, reason, reached })
  }

  #again(delivery: LeasedDelivery, outcome: Extract<AttemptOutcome, { kind: 'retry' }>): boolean {
    const { transport, retry, counters, clock, random, ledger, logger } = this.#deps
    const reached = together(delivery.reached, outcome)
    if (delivery.attempts >= retry.maxAttempts) {
      const reason = `${outcome.reason} (attempt ${delivery.attempts}, the last)`
      // The user was told at another of their addresses.
      if (reached.delivered.length > 0) {
        const { id } = delivery.payload
        logger.warn('A delivery reached some addresses only.', { transport, notification: id, reason })
        this.#arrived(delivery)
      } else this.markDead(delivery, reason, 'attempts', reached)
      return true
    }
    counters.count(transport, 'retried')
    counters.countFailure(transport, 'retried', outcome.category)
    ledger.again({
      id: delivery.id,
      dueAt: clock() + retryDelayMs(retry, delivery.attempts, outcome.retryAfterMs, random),
      error: outcome.reason,
      reached,
    })
    return false
  }

  #arrived(delivery: LeasedDelivery): void {
    const { transport, counters, clock, ledger } = this.#deps
    counters.count(transport, 'delivered', clock() - delivery.payload.timestamp)
    ledger.done(delivery.id)
  }

  #disable(reason: string): void {
    const { transport, disable, logger } = this.#deps
    disable(reason).catch((error: unknown) => {
      logger.error('A transport could not be switched off.', { transport, error })
    })
  }
}

function together(before: Reached, now: Reached): Reached {
  return {
    delivered: [...new Set([...before.delivered, ...now.delivered])],
    refused: [...new Set([...before.refused, ...now.refused])],
  }
}
