import { LRUCache } from 'lru-cache'
import { v4 as uuidv4 } from 'uuid'
import { FocusError } from '../common/errors.ts'
import type { NotificationRouter, NotificationPublisher } from '../notifications/ports.ts'
import type { Runtime } from '../common/runtime.ts'
import type { UserKey } from '../common/user-id.ts'
import { DeliveryCounters } from './outbox/delivery-counters.ts'
import { OutboxDeliveries } from './outbox/deliveries.ts'
import type { DisabledTransport, OutboxStore, TransportStateStore } from './outbox/outbox-port.ts'
import { OutboxMetrics } from './outbox/outbox-metrics.ts'
import { TransportRouter, type RoutingOptions } from './routing/transport-router.ts'
import { PreferenceReader, type PreferenceStore } from './preferences/preferences-port.ts'
import type { DeliveryRecipient, Transport, TransportHost } from './transport.ts'
import { OutboxWorker } from './outbox/worker/outbox-worker.ts'

const upkeepMs = 60_000
const stateReadMs = 5_000
const deadRetentionMs = 30 * 86_400_000
const purgeBite = 1_000
/** Clocks of nodes may differ by this much without anything being moved. */
const clockToleranceMs = 60_000
const personCacheMs = 5_000

export interface TransportManagerDeps {
  readonly transports: readonly Transport[]
  readonly routing: RoutingOptions
  readonly runtime: Runtime
  readonly store: OutboxStore
  readonly states: TransportStateStore
  readonly preferences: PreferenceStore
  readonly findRecipient: (userKey: UserKey) => Promise<DeliveryRecipient>
  readonly host: Omit<TransportHost, 'logger' | 'clock'>
}

/** Everything that tells people of notifications elsewhere than in the inbox and on sockets. */
export class TransportManager {
  readonly router: NotificationRouter
  readonly deliveries: OutboxDeliveries
  readonly counters = new DeliveryCounters()
  readonly metrics: OutboxMetrics
  readonly transports: readonly Transport[]
  readonly #deps: TransportManagerDeps
  readonly #workers: readonly OutboxWorker[]
  readonly #people: LRUCache<UserKey, { readonly person: DeliveryRecipient; readonly until: number }>
  #disabled = new Map<string, DisabledTransport>()
  #timers: NodeJS.Timeout[] = []
  #lastUpkeep: number | null = null
  #upkeep: Promise<void> = Promise.resolve()

  /** @throws FocusError `invalid_option` for names that clash, and for a routing that names an unknown transport */
  constructor(deps: TransportManagerDeps) {
    checkNames(deps.transports)
    this.#deps = deps
    this.transports = deps.transports
    this.#people = new LRUCache({ max: 10_000 })
    const preferences = new PreferenceReader(deps.preferences)
    const isDisabled = (name: string) => this.#disabled.has(name)
    this.router = new TransportRouter({ transports: deps.transports, routing: deps.routing, preferences, isDisabled })
    const { store, runtime } = deps
    const owner = uuidv4({ random: runtime.random(16) })
    this.#workers = deps.transports.map(
      (transport) =>
        new OutboxWorker({
          transport,
          owner,
          store,
          preferences,
          personOf: (userKey) => this.#personOf(userKey),
          isDisabled: () => isDisabled(transport.name),
          disable: (reason) => this.#disable(transport, reason),
          counters: this.counters,
          ...runtime,
        }),
    )
    this.metrics = new OutboxMetrics(this.counters, () => store.counts(runtime.clock()), runtime.clock)
    this.deliveries = new OutboxDeliveries({
      store,
      states: deps.states,
      clock: runtime.clock,
      transports: deps.transports,
      counters: this.counters,
      changed: () => this.refresh(),
    })
  }

  /** Delivers what is due and whatever comes, from now on. After `prepare()`. */
  start(): void {
    for (const worker of this.#workers) worker.start()
    this.#every(upkeepMs, () => this.upkeep())
    this.#every(stateReadMs, () => this.refresh())
  }

  /** Readies the transports. @throws FocusError `missing_dependency` */
  async prepare(): Promise<void> {
    const { logger, clock } = this.#deps.runtime
    for (const transport of this.transports) await transport.start?.({ ...this.#deps.host, logger, clock })
    await this.refresh()
  }

  /** Something was committed: told so that it is not found only at the next look. */
  wake(): void {
    for (const worker of this.#workers) worker.wake()
  }

  /** A publisher that also wakes the workers of this node. */
  wokenBy(publisher: NotificationPublisher): NotificationPublisher {
    return {
      notificationsCommitted: (events) => {
        publisher.notificationsCommitted(events)
        this.wake()
      },
      stateChanged: (event) => publisher.stateChanged(event),
    }
  }

  /** Delivers what is due now at every transport; for frozen clocks. Returns how many deliveries were tried. */
  async runDue(): Promise<number> {
    const tried = await Promise.all(this.#workers.map((worker) => worker.runDue()))
    return tried.reduce((sum, count) => sum + count, 0)
  }

  /** Reads which transports are switched off, here or by another node. */
  async refresh(): Promise<void> {
    const states = await this.#deps.states.disabled()
    const fingerprints = new Map(this.transports.map(({ name, fingerprint = '' }) => [name, fingerprint]))
    // One that points elsewhere by now is on again.
    const inForce = states.filter((state) => fingerprints.get(state.name) === state.fingerprint)
    this.#disabled = new Map(inForce.map((state) => [state.name, state]))
    this.wake()
  }

  /** Mends waits after the clock went back, and forgets deliveries that have been dead for 30 days. */
  async upkeep(): Promise<void> {
    const { store, runtime } = this.#deps
    const now = runtime.clock()
    // It reads the whole table: only when the clock went back, or may have done so before the start.
    if (this.#lastUpkeep === null || now < this.#lastUpkeep) await store.rebase(now, clockToleranceMs)
    this.#lastUpkeep = now
    while ((await store.purge({ state: 'dead', deadBefore: now - deadRetentionMs }, now, purgeBite)) === purgeBite);
  }

  /** Ends the workers and then the transports. What is under way gets `graceMs`. */
  async close(graceMs = 5_000): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await this.#upkeep
    await Promise.all(this.#workers.map((worker) => worker.close(graceMs)))
    const closed = await Promise.allSettled(this.transports.map(async (transport) => transport.close?.()))
    const failures = closed.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
    if (failures.length > 0) throw new AggregateError(failures, 'Not every transport could be closed')
  }

  #every(ms: number, work: () => Promise<void>): void {
    const timer = setInterval(() => {
      this.#upkeep = this.#upkeep.then(work).catch((error: unknown) => {
        this.#deps.runtime.logger.warn('The upkeep of the outbox failed; it is tried again.', {
          error,
        })
      })
    }, ms)
    timer.unref()
    this.#timers.push(timer)
  }

  async #disable({ name, fingerprint = '' }: Transport, reason: string): Promise<void> {
    const { runtime, states } = this.#deps
    const state = { name, fingerprint, reason, disabledAt: runtime.clock() }
    this.#disabled.set(name, state)
    runtime.logger.error('A transport was switched off; `focus deliveries` tells how to switch it on.', {
      transport: name,
      reason,
    })
    await states.disable(state)
  }

  async #personOf(userKey: UserKey): Promise<DeliveryRecipient> {
    const { findRecipient, runtime } = this.#deps
    const cached = this.#people.get(userKey)
    if (cached && cached.until > runtime.clock()) return cached.person
    const person = await findRecipient(userKey)
    this.#people.set(userKey, { person, until: runtime.clock() + personCacheMs })
    return person
  }
}

const reserved = new Set(['inbox', 'socket', 'websocket', 'all'])

function checkNames(transports: readonly Transport[]): void {
  const seen = new Set<string>()
  for (const { name } of transports) {
    if (typeof name !== 'string' || !/^[a-z0-9_-]{1,64}$/.test(name) || reserved.has(name)) {
      throw new FocusError('invalid_option', `transports: ${JSON.stringify(name)} cannot be the name of a transport.`, {
        hint: 'Use 1 to 64 of a-z, 0-9, _ and -; inbox, socket, websocket and all mean something else.',
      })
    }
    if (seen.has(name)) {
      throw new FocusError('invalid_option', `transports: there are two with the name ${name}.`, {
        hint: 'Give one of them another: slack({ name: "slack-ops", … }).',
      })
    }
    seen.add(name)
  }
}
