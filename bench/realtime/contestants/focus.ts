import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { AdmissionControl } from '../../../packages/core/src/admission/admission-control.ts'
import { resolveBudgets } from '../../../packages/core/src/admission/budgets.ts'
import { createClientAddressFinder } from '../../../packages/core/src/net/addresses/client-address.ts'
import type { TokenVerifier } from '../../../packages/core/src/auth/ports.ts'
import type { StreamHead } from '../../../packages/core/src/notifications/ports.ts'
import type { Broker } from '../../../packages/core/src/cluster/broker-port.ts'
import { brokerPublisher } from '../../../packages/core/src/cluster/broker-publisher.ts'
import { LocalFirstBroker } from '../../../packages/core/src/cluster/local-first-broker.ts'
import { createRealtime } from '../../../packages/core/src/realtime/realtime-hub.ts'
import type { NotificationFeed } from '../../../packages/core/src/realtime/ports.ts'
import { silentLogger } from '../../../packages/core/src/common/logging/logger.ts'
import { createRuntime } from '../../../packages/core/src/common/runtime.ts'
import { Sealer } from '../../../packages/core/src/secrets/sealer.ts'
import { numericUserIds } from '../../../packages/core/src/common/user-id.ts'
import { type Contestant, firstOffset, listenOn } from '../../harness/contestant.ts'
import { makeEvent } from '../../harness/notification.ts'
import { noTickets } from './no-tickets.ts'

/** Accepts the number of a user as a token, for measurements without the cost of tokens. */
const trusting: TokenVerifier = {
  verify: async (token) => ({
    userKey: token,
    userId: Number(token),
    sessionId: 'session',
    scopes: [],
    expiresAt: Date.now() + 86_400_000,
  }),
}

/**
 * The hub, with committed events.
 *
 * @param driver carries them to the hubs of other nodes, whose log they are
 */
export function focus(verifier: TokenVerifier = trusting, driver: Broker | null = null): Contestant {
  const offsets = new Map<string, number>()
  const head = (userKey: string): StreamHead => ({
    epoch: 'k3f9',
    offset: offsets.get(userKey) ?? firstOffset,
    oldest: 1,
    unreadCount: 0,
    stateRev: 0,
  })
  const unread = () => Promise.reject(new Error('The hub read the log: the measurement is invalid.'))
  const feed: NotificationFeed = {
    head: async (userKey) => head(userKey),
    heads: async (userKeys) => userKeys.map((userKey) => ({ ...head(userKey), all: head('') })),
    allHead: async () => head(''),
    read: unread,
    readAll: unread,
    markRead: unread,
  }
  driver?.onMessage((message) => {
    if (message.kind !== 'notifications' || message.userKey === null) return
    offsets.set(message.userKey, message.events.at(-1)?.offset ?? firstOffset)
  })
  const broker = new LocalFirstBroker(`bench-${process.pid}`, driver)
  const publisher = brokerPublisher(broker)
  const hub = createRealtime({
    config: {
      basePath: '/api',
      enabled: true,
      heartbeatIntervalMs: driver ? 3_600_000 : 30_000,
      locale: 'fr',
      stats: 'admin',
      limits: {
        connectionsPerUser: 100_000,
        connectionsPerNode: 100_000,
        // The clients of the cluster benchmark do not answer pings.
        ...(driver && { pingIntervalMs: 3_600_000 }),
      },
      isOriginAllowed: () => true,
    },
    runtime: createRuntime(),
    control: new AdmissionControl({
      budgets: resolveBudgets({ enabled: true, exemptLoopback: true }),
      findAddress: createClientAddressFinder([]),
      logger: silentLogger,
    }),
    verifier,
    feed,
    broker,
    singleUse: noTickets,
    sealer: new Sealer(['a secret of the bench'], randomBytes),
    userIds: numericUserIds,
  })
  const server = createServer()
  server.on('upgrade', (request, socket, head) => void hub.upgrade(request, socket, head))
  return {
    listen: () => listenOn(server),
    notify(user) {
      const userKey = String(user)
      const offset = (offsets.get(userKey) ?? firstOffset) + 1
      offsets.set(userKey, offset)
      publisher.notificationsCommitted([makeEvent(userKey, offset)])
      return undefined
    },
    check() {
      if (hub.counters.lags > 0) throw new Error(`${hub.counters.lags} connections lagged: the measurement is invalid.`)
    },
  }
}
