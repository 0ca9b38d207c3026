import type { Debug } from '../../../common/logging/debug.ts'
import type { Logger } from '../../../common/logging/logger.ts'
import type { Clock, RandomSource } from '../../../common/runtime.ts'
import type { RetryPolicy, Transport } from '../../transport.ts'
import type { DeliveryCounters } from '../delivery-counters.ts'
import type { OutboxStore } from '../outbox-port.ts'
import type { Addressing } from './addressing.ts'
import { defaultRetryPolicy } from './backoff.ts'
import { Lanes } from './lanes.ts'
import { OutboxWriter } from './outbox-writer.ts'
import { Pace } from './pace.ts'
import { Settlement } from './settlement.ts'
import { Slots } from './slots.ts'

const defaults = { concurrency: 8, timeoutMs: 15_000 } as const

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
  readonly debug: Debug
}

/** The state of one worker: its intake fills the lanes, its attempts empty them. */
export interface WorkerState extends OutboxWorkerDeps {
  /** The name of the transport. */
  readonly name: string
  readonly concurrency: number
  readonly timeoutMs: number
  readonly retry: RetryPolicy
  readonly pace: Pace
  readonly lanes: Lanes
  readonly slots: Slots
  readonly writer: OutboxWriter
  readonly settlement: Settlement
  /** By delivery id, the attempts in progress. */
  readonly active: Map<number, Promise<void>>
  /** Aborts when the worker closes. */
  readonly closing: AbortSignal
}

export function createWorkerState(deps: OutboxWorkerDeps, closing: AbortSignal): WorkerState {
  const { transport, store, owner, clock, logger } = deps
  const { name, concurrency = defaults.concurrency, timeoutMs = defaults.timeoutMs } = transport
  const retry = { ...defaultRetryPolicy, ...transport.retry }
  const writer = new OutboxWriter(store, owner, clock, logger)
  const pace = new Pace(transport.rate, clock)
  return {
    ...deps,
    name,
    concurrency,
    timeoutMs,
    retry,
    pace,
    lanes: new Lanes(),
    slots: new Slots({ concurrency, personal: transport.addresses !== undefined, slowMs: timeoutMs / 4 }),
    writer,
    settlement: new Settlement({ ...deps, transport: name, retry, writer, pace }),
    active: new Map(),
    closing,
  }
}
