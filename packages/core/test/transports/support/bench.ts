import { newYear2030 } from '@focus-api/test-kit/values/times'
import { manualClock, type ManualClock } from '@focus-api/core/testing'
import type { PlannedDelivery } from '../../../src/notifications/routing-port.ts'
import type { NotificationEvent } from '../../../src/notifications/ports.ts'
import { type Logger, silentLogger } from '../../../src/common/logging/logger.ts'
import { createRuntime } from '../../../src/common/runtime.ts'
import { type Database, openDatabase } from '../../../src/storage/database.ts'
import { migrateToLatest } from '../../../src/storage/migrations/migrate.ts'
import { insertOutboxRows, toOutboxRows } from '../../../src/storage/outbox/outbox-rows.ts'
import { KyselyOutboxStore } from '../../../src/storage/outbox/outbox-store.ts'
import { KyselyPreferenceStore } from '../../../src/storage/stores/preference-store.ts'
import { KyselyPushSubscriptionStore } from '../../../src/storage/stores/push-subscription-store.ts'
import { KyselyTransportStateStore } from '../../../src/storage/stores/transport-state-store.ts'
import type { RoutingOptions } from '../../../src/transports/routing/transport-router.ts'
import { TransportManager } from '../../../src/transports/transport-manager.ts'
import type {
  DeliveryAttempt,
  OutboundMessage,
  OutboundUser,
  DeliveryRecipient,
  Transport,
} from '../../../src/transports/transport.ts'

export interface OutboxBench {
  readonly outbound: TransportManager
  readonly database: Database
  readonly store: KyselyOutboxStore
  readonly preferences: KyselyPreferenceStore
  readonly pushSubscriptions: KyselyPushSubscriptionStore
  readonly clock: ManualClock
  /** Commits events of one user for transports, as the log does. */
  readonly commit: (
    event: Partial<NotificationEvent>,
    ...deliveries: Array<Partial<PlannedDelivery> & { transport: string }>
  ) => Promise<void>
  /** Empties the tables. */
  clear(): Promise<void>
  close(): Promise<void>
}

export interface BenchOptions {
  readonly url: string
  readonly transports: readonly Transport[]
  readonly routing?: RoutingOptions
  readonly clock?: ManualClock
  readonly logger?: Logger
  readonly findPerson?: (userKey: string) => Promise<DeliveryRecipient>
  readonly unsubscribeUrl?: (message: OutboundMessage, transport: string) => string | null
  /** Full jitter's chance, 0 to 1; 1 makes delays their longest. */
  readonly chance?: number
}

/** The outbox with its transports over a real database, as `createFocus` composes them; nothing moves by itself. */
export async function openBench(options: BenchOptions): Promise<OutboxBench> {
  const database = await openDatabase(options.url)
  await migrateToLatest(database)
  const clock = options.clock ?? manualClock(newYear2030)
  const store = new KyselyOutboxStore(database)
  const preferences = new KyselyPreferenceStore(database)
  const pushSubscriptions = new KyselyPushSubscriptionStore(database)
  const byte = Math.round((options.chance ?? 1) * 255)
  const runtime = createRuntime({
    clock,
    logger: options.logger ?? silentLogger,
    // Four bytes are the jitter; sixteen are an id, and ids must differ.
    ...(options.chance === undefined
      ? {}
      : {
          random: (size) => (size === 4 ? new Uint8Array(4).fill(byte) : crypto.getRandomValues(new Uint8Array(size))),
        }),
  })
  const outbound = new TransportManager({
    transports: options.transports,
    routing: options.routing ?? {},
    runtime,
    store,
    states: new KyselyTransportStateStore(database),
    preferences,
    findRecipient: options.findPerson ?? (async (key) => ({ user: person(key), reachable: true })),
    host: { locale: 'en', pushSubscriptions, unsubscribeUrl: options.unsubscribeUrl ?? (() => null) },
  })
  await outbound.prepare()
  return {
    outbound,
    database,
    store,
    preferences,
    pushSubscriptions,
    clock,
    async commit(event, ...deliveries) {
      const planned = deliveries.map((delivery) => ({
        ordered: false,
        afterMs: 0,
        unless: null,
        critical: false,
        ...delivery,
      }))
      const { stream: _, ...carried } = eventOf(event, clock())
      const notification = { ...carried, fields: JSON.stringify(carried) }
      await insertOutboxRows(database.db, toOutboxRows(notification, planned, clock()))
    },
    async clear() {
      await database.db.deleteFrom('focus_outbox').execute()
      await database.db.deleteFrom('focus_transport_states').execute()
    },
    async close() {
      await outbound.close(100)
      await database.close()
    },
  }
}

export function person(key: string, overrides: Partial<OutboundUser> = {}): OutboundUser {
  return {
    key,
    id: Number(key),
    email: `user${key}@example.com`,
    emailVerified: true,
    fullName: null,
    locale: 'en',
    ...overrides,
  }
}

let made = 0

export function eventOf(event: Partial<NotificationEvent>, now: number): NotificationEvent {
  made += 1
  return {
    stream: 'user',
    userKey: '1',
    epoch: 'test',
    offset: made,
    id: `01890000-0000-7000-8000-${String(made).padStart(12, '0')}`,
    type: 'info',
    title: `Title ${made}`,
    message: `Message ${made}`,
    event: null,
    data: {},
    timestamp: now,
    count: 1,
    groupKey: null,
    expiresAt: null,
    ...event,
  }
}

export interface Received {
  readonly message: OutboundMessage
  readonly attempt: number
  readonly key: string
}

/** A transport whose peer is this process; `answer` decides what becomes of each attempt. */
export function recorder(
  name: string,
  answer: (received: Received, attempt: DeliveryAttempt) => void | Promise<void> = () => undefined,
  settings: Partial<Transport> = {},
): { readonly transport: Transport; readonly received: Received[] } {
  const received: Received[] = []
  return {
    received,
    transport: {
      ...settings,
      name,
      async deliver(message, attempt) {
        const one = { message, attempt: attempt.attempt, key: attempt.idempotencyKey }
        received.push(one)
        await answer(one, attempt)
      },
    },
  }
}
