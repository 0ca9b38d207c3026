import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Principal, SessionEnd } from '../../../src/auth/ports.ts'
import { AdmissionControl } from '../../../src/admission/admission-control.ts'
import { type BudgetOptions, resolveBudgets } from '../../../src/admission/budgets.ts'
import { createClientAddressFinder } from '../../../src/net/addresses/client-address.ts'
import { FocusError } from '../../../src/common/errors.ts'
import type { JsonValue } from '../../../src/common/json.ts'
import type { SingleUseStore } from '../../../src/secrets/single-use-port.ts'
import type { NodeBroker } from '../../../src/cluster/broker-port.ts'
import { brokerPublisher } from '../../../src/cluster/broker-publisher.ts'
import { LocalFirstBroker } from '../../../src/cluster/local-first-broker.ts'
import type { RealtimeConfig } from '../../../src/realtime/realtime-config.ts'
import { createRealtime, type RealtimeHub } from '../../../src/realtime/realtime-hub.ts'
import { createRuntime, type Runtime } from '../../../src/common/runtime.ts'
import { Sealer } from '../../../src/secrets/sealer.ts'
import { numericUserIds } from '../../../src/common/user-id.ts'
import { TestClient } from './client.ts'
import { MemoryFeed } from './memory-feed.ts'

/** Single-use secrets in memory. */
class MemoryOneTimeStore implements SingleUseStore {
  readonly #kept = new Map<string, { payload: JsonValue; expiresAt: number }>()

  async put(kind: string, secret: string, payload: JsonValue, expiresAt: number): Promise<void> {
    this.#kept.set(`${kind}:${secret}`, { payload, expiresAt })
  }

  async take(kind: string, secret: string): Promise<JsonValue | null> {
    const payload = await this.peek(kind, secret)
    this.#kept.delete(`${kind}:${secret}`)
    return payload
  }

  async peek(kind: string, secret: string): Promise<JsonValue | null> {
    const kept = this.#kept.get(`${kind}:${secret}`)
    return kept && kept.expiresAt > Date.now() ? kept.payload : null
  }

  async claim(kind: string, secret: string, expiresAt: number): Promise<boolean> {
    const unused = !this.#kept.has(`${kind}:${secret}`)
    if (unused) await this.put(kind, secret, null, expiresAt)
    return unused
  }

  async purge(): Promise<number> {
    return 0
  }
}

export interface HubOptions {
  config?: Partial<RealtimeConfig>
  limits?: RealtimeConfig['limits']
  budgets?: Partial<BudgetOptions>
  trustedProxies?: readonly string[]
  runtime?: Partial<Runtime>
  broker?: NodeBroker
  /** A log that is shared with another hub. */
  feed?: MemoryFeed
}

/** A hub on a real HTTP server, with tokens that name their user: `7`, `7.session`, `7.session.<expires at>`. */
export class HubServer {
  readonly hub: RealtimeHub
  readonly server: Server
  readonly feed: MemoryFeed
  readonly broker: NodeBroker
  readonly revoked = new Set<string>()
  /** Awaited after a token or a ticket was verified, before the hub gets the result. */
  verified: () => Promise<void> = async () => undefined
  /** The server side of all TCP connections. */
  readonly sockets: Socket[] = []
  #port = 0

  private constructor(options: HubOptions) {
    this.broker = options.broker ?? new LocalFirstBroker('n1', null)
    this.feed = options.feed ?? new MemoryFeed(brokerPublisher(this.broker))
    const runtime = createRuntime(options.runtime)
    this.hub = createRealtime({
      config: {
        basePath: '/api',
        enabled: true,
        heartbeatIntervalMs: 30_000,
        locale: 'fr',
        stats: 'admin',
        isOriginAllowed: (origin) => origin === undefined || origin === 'http://app.test',
        ...(options.limits && { limits: options.limits }),
        ...options.config,
      },
      runtime,
      control: new AdmissionControl({
        budgets: resolveBudgets({ enabled: true, exemptLoopback: true, ...options.budgets }),
        findAddress: createClientAddressFinder(options.trustedProxies ?? []),
        logger: runtime.logger,
      }),
      verifier: { verify: (token) => this.verify(token) },
      feed: this.feed,
      broker: this.broker,
      singleUse: new MemoryOneTimeStore(),
      sealer: new Sealer(['a secret of the hub’s tests'], randomBytes),
      userIds: numericUserIds,
      sessionEndsAt: async ({ sessionId }) => {
        if (sessionId !== null && this.revoked.has(sessionId)) return null
        await this.verified()
        return Date.now() + 86_400_000
      },
    })
    this.server = createServer((_request, response) => response.writeHead(426).end())
    this.server.on('connection', (socket) => this.sockets.push(socket))
    this.server.on('upgrade', (request, socket, head) => {
      if (!this.hub.upgrade(request, socket, head)) socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
    })
  }

  static async start(options: HubOptions = {}): Promise<HubServer> {
    const server = new HubServer(options)
    await once(server.server.listen(0, '127.0.0.1'), 'listening')
    const address: AddressInfo | string | null = server.server.address()
    if (typeof address !== 'object' || address === null) throw new Error('no port')
    server.#port = address.port
    return server
  }

  get port(): number {
    return this.#port
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}/api/ws/notifications`
  }

  async verify(token: string): Promise<Principal> {
    const [, user, session, expires] = /^(\d+)(?:\.([a-z0-9]+))?(?:\.(\d+))?$/.exec(token) ?? []
    if (user === undefined) throw new FocusError('invalid_token', 'The token is not valid')
    if (session !== undefined && this.revoked.has(session)) throw new FocusError('session_revoked', 'Signed out')
    const expiresAt = expires === undefined ? Date.now() + 3_600_000 : Number(expires)
    if (expiresAt <= Date.now()) throw new FocusError('token_expired', 'The token has expired')
    await this.verified()
    return { userKey: user, userId: Number(user), sessionId: session ?? null, scopes: [], expiresAt }
  }

  end(end: SessionEnd): void {
    if (end.sessionId !== null) this.revoked.add(end.sessionId)
    this.hub.sessionEnded(end)
  }

  /** Returns a client that has sent its upgrade. */
  dial(query = '', protocols: string[] = [], headers: Record<string, string> = {}): TestClient {
    return new TestClient(`${this.url}${query}`, protocols, { headers })
  }

  /** Returns a client that has received its `connection` message. */
  async connect(token: string, query = ''): Promise<TestClient> {
    const client = await this.dial(`?token=${token}${query}`).opened()
    await client.next('connection')
    return client
  }

  async stop(): Promise<void> {
    await this.hub.shutdown()
    await new Promise((resolve) => this.server.close(resolve))
  }
}
