import type { Debug } from '../../../common/logging/debug.ts'
import type { Logger } from '../../../common/logging/logger.ts'
import type { Clock, RandomSource } from '../../../common/runtime.ts'
import type { FailureCategory } from '../../transport-errors.ts'
import type { RetryPolicy } from '../../transport.ts'
import type { DeliveryCounters } from '../delivery-counters.ts'
import type { LeasedDelivery, Reached } from '../outbox-port.ts'
import type { AttemptOutcome } from './attempt.ts'
import { boundedWaitMs, retryDelayMs } from './backoff.ts'
import type { OutboxWriter } from './outbox-writer.ts'
import type { Pace } from './pace.ts'

export interface SettlementDeps {
  readonly transport: string
  readonly retry: RetryPolicy
  readonly writer: OutboxWriter
  readonly pace: Pace
  readonly counters: DeliveryCounters
  readonly disable: (reason: string) => Promise<void>
  readonly clock: Clock
  readonly random: RandomSource
  readonly logger: Logger
  readonly debug: Debug
}

type Retry = Extract<AttemptOutcome, { readonly kind: 'retry' }>

/** Decides what follows an attempt, and tells the outbox, the counters and the log. */
export class Settlement {
  readonly #deps: SettlementDeps

  constructor(deps: SettlementDeps) {
    this.#deps = deps
  }

  /** Returns true when the delivery has ended: it was delivered, or it is dead. */
  settle(delivery: LeasedDelivery, outcome: AttemptOutcome): boolean {
    switch (outcome.kind) {
      case 'delivered':
        this.#complete(delivery)
        return true
      case 'dead':
        if (outcome.disable) this.#disable(outcome.reason)
        this.markDead(delivery, outcome.reason, outcome.category)
        return true
      case 'retry':
        this.#pause(outcome)
        return this.#retry(delivery, outcome)
    }
  }

  /** Keeps a delivery as dead: only an operator can make it due again. */
  markDead(delivery: LeasedDelivery, reason: string, category: FailureCategory, reached = delivery.reached): void {
    const { transport, counters, logger, writer } = this.#deps
    const { attempts } = delivery
    counters.count(transport, 'dead')
    counters.countFailure(transport, 'dead', category)
    logger.warn('A delivery is dead', { transport, notification: delivery.payload.id, attempts, reason })
    this.#trace('delivery dead', delivery, { category })
    writer.markDead({ id: delivery.id, reason, reached })
  }

  /** Returns true when that was the last attempt. */
  #retry(delivery: LeasedDelivery, { reason, category, retryAfterMs, ...addresses }: Retry): boolean {
    const { transport, retry, counters, clock, random, writer } = this.#deps
    const reached = union(delivery.reached, addresses)
    if (delivery.attempts >= retry.maxAttempts) {
      this.#giveUp(delivery, `${reason} (attempt ${delivery.attempts}, the last)`, reached)
      return true
    }
    counters.count(transport, 'retried')
    counters.countFailure(transport, 'retried', category)
    const dueAt = clock() + retryDelayMs(retry, delivery.attempts, retryAfterMs, random)
    this.#trace('delivery retried later', delivery, { category, dueAt })
    writer.reschedule({ id: delivery.id, dueAt, error: reason, reached })
    return false
  }

  #giveUp(delivery: LeasedDelivery, reason: string, reached: Reached): void {
    const { transport, logger } = this.#deps
    if (reached.delivered.length === 0) return this.markDead(delivery, reason, 'attempts', reached)
    // Another address of the user has the message.
    const notification = delivery.payload.id
    logger.warn('A delivery reached only some addresses of its user', { transport, notification, reason })
    this.#complete(delivery)
  }

  #complete(delivery: LeasedDelivery): void {
    const { transport, counters, clock, writer } = this.#deps
    counters.count(transport, 'delivered', clock() - delivery.payload.timestamp)
    this.#trace('delivery completed', delivery)
    writer.complete(delivery.id)
  }

  #pause({ pause, retryAfterMs }: Retry): void {
    const { transport, pace, debug } = this.#deps
    if (!pause || retryAfterMs === null) return
    const ms = boundedWaitMs(retryAfterMs)
    pace.pauseFor(ms)
    debug('transport paused', { transport, ms })
  }

  #disable(reason: string): void {
    const { transport, disable, logger } = this.#deps
    disable(reason).catch((error: unknown) => {
      logger.error('A transport could not be switched off', { transport, error })
    })
  }

  #trace(message: string, { id, payload, attempts }: LeasedDelivery, fields: Record<string, unknown> = {}): void {
    const { debug, transport } = this.#deps
    if (debug.enabled) debug(message, { transport, delivery: id, notification: payload.id, attempts, ...fields })
  }
}

function union(before: Reached, now: Reached): Reached {
  return {
    delivered: [...new Set([...before.delivered, ...now.delivered])],
    refused: [...new Set([...before.refused, ...now.refused])],
  }
}
