import { FocusError } from '../../common/errors.ts'
import type { Clock } from '../../common/runtime.ts'
import type { DeliveryCounters } from './delivery-counters.ts'
import type { Deliveries, DeliveryPage, DeliveryQuery, TransportInfo } from './focus-deliveries.ts'
import type { DeliveryCount, DeliveryFilter, OutboxStore, TransportStateStore } from './outbox-port.ts'
import { purgeInChunks } from './outbox-upkeep.ts'
import type { Transport } from '../transport.ts'

interface DeliveriesDeps {
  readonly store: OutboxStore
  readonly states: TransportStateStore
  readonly clock: Clock
  readonly transports: readonly Transport[]
  readonly counters: DeliveryCounters
  /** Called when deliveries may be due or a transport may be on again. */
  readonly changed: () => Promise<void>
}

/** Lists, retries and removes the rows of the outbox for operators. */
export class OutboxDeliveries implements Deliveries {
  readonly #deps: DeliveriesDeps

  constructor(deps: DeliveriesDeps) {
    this.#deps = deps
  }

  async list({ limit = 50, after, ...filter }: DeliveryQuery = {}): Promise<DeliveryPage> {
    const { store, clock } = this.#deps
    const rows = await store.list(filter, { now: clock(), limit: limit + 1, after: after ?? null })
    const deliveries = rows.slice(0, limit)
    return { deliveries, nextAfter: rows.length > limit ? (deliveries.at(-1)?.id ?? null) : null }
  }

  async transports(): Promise<TransportInfo[]> {
    const { store, states, clock, transports, counters } = this.#deps
    const [counts, disabled] = await Promise.all([store.counts(clock()), states.disabled()])
    const configured = new Map(transports.map((transport) => [transport.name, transport]))
    const names = [...new Set([...configured.keys(), ...counts.map((count) => count.transport)])]
    return names.map((name) => {
      const transport = configured.get(name)
      const off = disabled.find((state) => state.name === name && state.fingerprint === (transport?.fingerprint ?? ''))
      const countOf = (state: DeliveryCount['state']) =>
        counts.find((count) => count.transport === name && count.state === state)
      return {
        name,
        configured: transport !== undefined,
        disabledReason: off?.reason ?? null,
        disabledAt: off?.disabledAt ?? null,
        waiting: countOf('waiting')?.count ?? 0,
        leased: countOf('leased')?.count ?? 0,
        dead: countOf('dead')?.count ?? 0,
        oldestWaiting: countOf('waiting')?.oldest ?? null,
        outcomes: counters.of(name),
      }
    })
  }

  async retry(filter: DeliveryFilter): Promise<number> {
    const { store, clock, changed } = this.#deps
    const count = await store.retry(deadUnlessNamed(filter), clock())
    await changed()
    return count
  }

  async purge(filter: DeliveryFilter & { readonly deadBefore?: number }): Promise<number> {
    const { store, clock } = this.#deps
    return purgeInChunks(store, deadUnlessNamed(filter), clock())
  }

  async enable(name: string): Promise<void> {
    const { transports, states, changed } = this.#deps
    if (!transports.some((transport) => transport.name === name)) {
      const names = transports.map((transport) => transport.name).join(', ')
      throw new FocusError('not_found', `There is no transport ${JSON.stringify(name)}.`, {
        hint: names === '' ? 'No transport is configured.' : `The configured transports are ${names}.`,
      })
    }
    await states.enable(name)
    await changed()
  }
}

/** Limits a filter to dead deliveries unless it names a state or ids. */
function deadUnlessNamed<Filter extends DeliveryFilter>(filter: Filter): Filter {
  return filter.state === undefined && filter.ids === undefined ? { ...filter, state: 'dead' } : filter
}
