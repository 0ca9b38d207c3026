import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { signIn } from '@focus-api/test-kit/focus/sign-in'
import { CountingClient } from './counting-client.ts'
import type { Cluster } from './cluster.ts'

/** Clients per user, so that thousands of clients need few sign-ins. */
const CLIENTS_PER_USER = 20
/** Milliseconds between two notifications. */
const PACE_MS = 20
/** Milliseconds that the last notifications may take to arrive. */
const ARRIVAL_MS = 30_000

export interface RestartReport {
  readonly clients: number
  /** Notifications that the cluster accepted, and copies of them that clients must get. */
  readonly accepted: number
  readonly expected: number
  readonly lost: number
  /** Copies that reached the application twice, after the client's own de-duplication. */
  readonly duplicated: number
  readonly reconnects: number
  /** How long clients were without a connection, in milliseconds. */
  readonly awayMs: { readonly p50: number; readonly p95: number; readonly max: number }
  /** Requests that were repeated, because a node or nginx did not answer. */
  readonly retriedRequests: number
}

interface User {
  readonly id: number
  readonly token: string
  readonly clients: readonly CountingClient[]
  /** Ids of accepted notifications. */
  readonly accepted: string[]
}

/** Restarts the nodes one after another, while clients count the notifications that a publisher sends to them. */
export async function rollingRestart(cluster: Cluster, clientCount: number): Promise<RestartReport> {
  const users = await connectClients(cluster, clientCount)
  const clients = users.flatMap((user) => user.clients)
  const publisher = new Publisher(cluster, users)
  const publishing = publisher.run()
  for (const node of cluster.nodes) {
    await delay(1_000)
    console.error(`Restarting the node on port ${node.port}.`)
    const code = await node.stop()
    if (code !== 0) throw new Error(`The node on port ${node.port} ended with ${code}.`)
    await node.start()
  }
  await delay(1_000)
  publisher.stop()
  await publishing
  await untilArrived(users)
  const counts = users.flatMap((user) => user.clients.map((client) => client.compare(user.accepted)))
  const away = clients.flatMap((client) => client.awayMs).toSorted((a, b) => a - b)
  for (const client of clients) client.close()
  return {
    clients: clients.length,
    accepted: users.reduce((sum, { accepted }) => sum + accepted.length, 0),
    expected: users.reduce((sum, user) => sum + user.accepted.length * user.clients.length, 0),
    lost: counts.reduce((sum, { lost }) => sum + lost, 0),
    duplicated: counts.reduce((sum, { duplicated }) => sum + duplicated, 0),
    reconnects: away.length,
    awayMs: { p50: quantile(away, 0.5), p95: quantile(away, 0.95), max: quantile(away, 1) },
    retriedRequests: publisher.retries,
  }
}

async function connectClients(cluster: Cluster, count: number): Promise<User[]> {
  const users: User[] = []
  for (let left = count; left > 0; left -= CLIENTS_PER_USER) {
    const { access_token: token, user } = await signIn(cluster, `user-${users.length + 1}`)
    const clients = Array.from(
      { length: Math.min(left, CLIENTS_PER_USER) },
      () => new CountingClient(`${cluster.url}/api`, token),
    )
    users.push({ id: user.id, token, clients, accepted: [] })
    await Promise.all(clients.map((client) => client.opened()))
  }
  return users
}

/** Sends notifications to the users in turn, each with an idempotency key, so that a request can be repeated. */
class Publisher {
  retries = 0
  readonly #cluster: Cluster
  readonly #users: readonly User[]
  #stopped = false

  constructor(cluster: Cluster, users: readonly User[]) {
    this.#cluster = cluster
    this.#users = users
  }

  async run(): Promise<void> {
    for (let turn = 0; !this.#stopped; turn += 1) {
      const user = this.#users[turn % this.#users.length]
      if (user) user.accepted.push(await this.#send(user.id, turn))
      await delay(PACE_MS)
    }
  }

  stop(): void {
    this.#stopped = true
  }

  async #send(userId: number, turn: number): Promise<string> {
    const request: RequestInit = {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.#cluster.adminKey}`,
        'content-type': 'application/json',
        'idempotency-key': randomUUID(),
      },
      body: JSON.stringify({ user_id: userId, notification_type: 'info', title: `${turn}`, message: 'm' }),
    }
    for (;;) {
      const answer = await fetch(`${this.#cluster.url}/api/notifications`, request).catch(() => null)
      if (answer?.ok) return ((await answer.json()) as { id: string }).id
      this.retries += 1
      await delay(100)
    }
  }
}

async function untilArrived(users: readonly User[]): Promise<void> {
  const deadline = performance.now() + ARRIVAL_MS
  const isComplete = () =>
    users.every(({ clients, accepted }) => clients.every((client) => client.compare(accepted).lost === 0))
  while (!isComplete() && performance.now() < deadline) await delay(100)
}

function quantile(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0)
}
