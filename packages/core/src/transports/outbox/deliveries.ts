import { FocusError } from '../../common/errors.ts'
import type { Clock } from '../../common/runtime.ts'
import type { DeliveryCounters, DeliveryOutcome } from './delivery-counters.ts'
import type { DeliveryCount, DeliveryFilter, DeliveryInfo, OutboxStore, TransportStateStore } from './outbox-port.ts'
import type { Transport } from '../transport.ts'

const purgeBite = 1_000

/** One transport as an operator sees it. */
export interface TransportInfo {
  readonly name: string
  /** False for a name that only the outbox still knows. */
  readonly configured: boolean
  /** Why a peer switched it off; null while it is on. */
  readonly disabledReason: string | null
  readonly disabledAt: number | null
  readonly waiting: number
  readonly leased: number
  readonly dead: number
  /** When the oldest one that waits was committed; null when none does. */
  readonly oldestWaiting: number | null
  /** What this process did since its start. */
  readonly outcomes: Readonly<Record<DeliveryOutcome, number>>
}

export interface DeliveryQuery extends DeliveryFilter {
  /** 1 to 500; 50 when absent. */
  readonly limit?: number
  /** `nextAfter` of the page before. */
  readonly after?: number
}

export interface DeliveryPage {
  /** Newest first. */
  readonly deliveries: readonly DeliveryInfo[]
  /** Null at the end. */
  readonly nextAfter: number | null
}

interface DeliveriesDeps {
  readonly store: OutboxStore
  readonly states: TransportStateStore
  readonly clock: Clock
  readonly transports: readonly Transport[]
  readonly counters: DeliveryCounters
  /** Something may be due, or a transport may be on again. */
  readonly changed: () => Promise<void>
}

/** What operators do with the outbox. */
export class Deliveries {
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

  /** Makes dead ones, or waiting ones that were named, due at once. Returns how many. */
  async retry(filter: DeliveryFilter): Promise<number> {
    const { store, clock, changed } = this.#deps
    const scope =
      filter.state === undefined && filter.ids === undefined ? { ...filter, state: 'dead' as const } : filter
    const count = await store.retry(scope, clock())
    await changed()
    return count
  }

  /** Removes dead ones, or others that were named, unless somebody is delivering them. Returns how many. */
  async purge(filter: DeliveryFilter & { readonly deadBefore?: number }): Promise<number> {
    const { store, clock } = this.#deps
    const scope =
      filter.state === undefined && filter.ids === undefined ? { ...filter, state: 'dead' as const } : filter
    let purged = 0
    for (;;) {
      const count = await store.purge(scope, clock(), purgeBite)
      purged += count
      if (count < purgeBite) return purged
    }
  }

  /**
   * Switches a transport on that its peer had switched off.
   *
   * @throws FocusError `not_found` when there is none of this name
   */
  async enable(name: string): Promise<void> {
    const { transports, states, changed } = this.#deps
    if (!transports.some((transport) => transport.name === name)) {
      const names = transports.map((transport) => transport.name).join(', ')
      throw new FocusError('not_found', `There is no transport ${JSON.stringify(name)}.`, {
        hint: names === '' ? 'No transport is configured.' : `Configured are ${names}.`,
      })
    }
    await states.enable(name)
    await changed()
  }
}
