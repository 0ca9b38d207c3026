import { v4 as uuidv4 } from 'uuid'
import type { Runtime } from '../common/runtime.ts'
import type { UserKey } from '../common/user-id.ts'
import type { NotificationPublisher, NotificationRouter } from '../notifications/ports.ts'
import { OutboxDeliveries } from './outbox/deliveries.ts'
import { DeliveryCounters } from './outbox/delivery-counters.ts'
import type { Deliveries } from './outbox/focus-deliveries.ts'
import { OutboxMetrics } from './outbox/outbox-metrics.ts'
import type { OutboxStore, TransportStateStore } from './outbox/outbox-port.ts'
import { OutboxUpkeep } from './outbox/outbox-upkeep.ts'
import { RecipientCache } from './outbox/recipient-cache.ts'
import { TransportSwitches } from './outbox/transport-switches.ts'
import { OutboxWorker } from './outbox/worker/outbox-worker.ts'
import { PreferenceReader } from './preferences/preference-reader.ts'
import type { PreferenceStore } from './preferences/preferences-port.ts'
import { type RoutingOptions, TransportRouter } from './routing/transport-router.ts'
import { checkTransportNames } from './transport-names.ts'
import type { DeliveryRecipient, Transport, TransportHost } from './transport.ts'

const upkeepMs = 60_000
const refreshMs = 5_000

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

/** Owns the transports: one worker for each, the router that chooses among them, and the upkeep of the outbox. */
export class TransportManager {
  readonly transports: readonly Transport[]
  readonly router: NotificationRouter
  readonly deliveries: Deliveries
  readonly counters = new DeliveryCounters()
  readonly metrics: OutboxMetrics
  readonly #runtime: Runtime
  readonly #host: TransportHost
  readonly #switches: TransportSwitches
  readonly #upkeep: OutboxUpkeep
  readonly #recipients: RecipientCache
  readonly #workers: readonly OutboxWorker[]
  #timers: NodeJS.Timeout[] = []
  #background: Promise<void> = Promise.resolve()

  /** @throws FocusError `invalid_option` for invalid names, and for routing to a transport that is not configured */
  constructor(deps: TransportManagerDeps) {
    const { transports, routing, runtime, store, states } = deps
    checkTransportNames(transports)
    this.transports = transports
    this.#runtime = runtime
    this.#host = { ...deps.host, logger: runtime.logger, clock: runtime.clock }
    this.#switches = new TransportSwitches(transports, states, runtime)
    this.#upkeep = new OutboxUpkeep(store, runtime.clock)
    const preferences = new PreferenceReader(deps.preferences)
    const isDisabled = (name: string) => this.#switches.isDisabled(name)
    this.router = new TransportRouter({ transports, routing, preferences, isDisabled })
    this.#recipients = new RecipientCache(deps.findRecipient, runtime.clock)
    this.#workers = this.#createWorkers(deps, preferences)
    const { counters } = this
    this.metrics = new OutboxMetrics(counters, () => store.counts(runtime.clock()), runtime.clock)
    const changed = () => this.refresh()
    this.deliveries = new OutboxDeliveries({ store, states, clock: runtime.clock, transports, counters, changed })
  }

  /**
   * Starts the transports themselves. Call it before `start()`.
   *
   * @throws FocusError `missing_dependency`
   */
  async prepare(): Promise<void> {
    for (const transport of this.transports) await transport.start?.(this.#host)
    await this.refresh()
  }

  /** Starts to deliver. */
  start(): void {
    for (const worker of this.#workers) worker.start()
    this.#repeat(upkeepMs, () => this.upkeep())
    this.#repeat(refreshMs, () => this.refresh())
  }

  /** Tells the workers of this node that deliveries may be due. */
  wake(): void {
    for (const worker of this.#workers) worker.wake()
  }

  /** Drops what the workers remember of a user that changed. */
  forgetUser(userKey: UserKey): void {
    this.#recipients.forget(userKey)
  }

  /** Returns a publisher that also wakes the workers, so that they do not wait for their next poll. */
  wokenBy(publisher: NotificationPublisher): NotificationPublisher {
    return {
      notificationsCommitted: (events) => {
        publisher.notificationsCommitted(events)
        this.wake()
      },
      stateChanged: (event) => publisher.stateChanged(event),
    }
  }

  /** Delivers everything that is due now, for tests with a frozen clock. Returns the number of leased deliveries. */
  async runDue(): Promise<number> {
    const leased = await Promise.all(this.#workers.map((worker) => worker.runDue()))
    return leased.reduce((sum, count) => sum + count, 0)
  }

  /** Reads which transports are switched off, here or by another node. */
  async refresh(): Promise<void> {
    await this.#switches.refresh()
    this.wake()
  }

  /** Corrects waits after the clock went back, and removes old dead deliveries. */
  async upkeep(): Promise<void> {
    await this.#upkeep.run()
  }

  /** Closes the workers and then the transports. Running attempts may finish within `graceMs`. */
  async close(graceMs = 5_000): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await this.#background
    await Promise.all(this.#workers.map((worker) => worker.close(graceMs)))
    const closed = await Promise.allSettled(this.transports.map(async (transport) => transport.close?.()))
    const failures = closed.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
    if (failures.length > 0) throw new AggregateError(failures, 'Not every transport could be closed')
  }

  #createWorkers({ transports, store, runtime }: TransportManagerDeps, preferences: PreferenceReader) {
    const owner = uuidv4({ random: runtime.random(16) })
    const recipients = this.#recipients
    return transports.map(
      (transport) =>
        new OutboxWorker({
          transport,
          owner,
          store,
          preferences,
          recipients,
          isDisabled: () => this.#switches.isDisabled(transport.name),
          disable: (reason) => this.#switches.disable(transport.name, reason),
          counters: this.counters,
          clock: runtime.clock,
          random: runtime.random,
          logger: runtime.logger,
          debug: runtime.debug('outbox'),
        }),
    )
  }

  /** Runs background work at an interval, one piece at a time. */
  #repeat(ms: number, work: () => Promise<void>): void {
    const run = () => {
      this.#background = this.#background.then(work).catch((error: unknown) => {
        this.#runtime.logger.warn('The upkeep of the outbox failed; it is retried later', { error })
      })
    }
    this.#timers.push(setInterval(run, ms).unref())
  }
}
