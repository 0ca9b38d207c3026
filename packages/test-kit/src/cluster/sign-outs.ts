import { setTimeout as delay } from 'node:timers/promises'
import type { ClusterUser } from './cluster.ts'
import type { ClusterNode } from './cluster-node.ts'
import { CountingClient } from './counting-client.ts'

/**
 * A session that is known to every node: a socket at each, and an access token that each has verified and keeps in its cache. After
 * `end` succeeded at one node, no node may serve it any more.
 */
export class KnownSession {
  readonly #token: string
  readonly #nodes: readonly ClusterNode[]
  readonly #clients: readonly CountingClient[]

  private constructor(token: string, nodes: readonly ClusterNode[], clients: readonly CountingClient[]) {
    this.#token = token
    this.#nodes = nodes
    this.#clients = clients
  }

  static async start(user: ClusterUser, nodes: readonly ClusterNode[]): Promise<KnownSession> {
    const answer = await nodes[0]?.admin('/admin/token', { user: user.name })
    if (answer?.status !== 201) throw new Error(`No session for ${user.name}: ${answer?.status}.`)
    const { access_token: token } = (await answer.json()) as { access_token: string }
    const clients = nodes.map(({ url }) => new CountingClient({ token, urls: [url], jitterMs: 200 }))
    await Promise.all(clients.map((client) => client.connect()))
    const statuses = await Promise.all(nodes.map((node) => statusAt(node, token)))
    if (statuses.some((status) => status !== 200)) throw new Error(`A new session got ${statuses.join(', ')}.`)
    return new KnownSession(token, nodes, clients)
  }

  /** Signs out at one node after the other until one accepts it. */
  async end(nodes: readonly ClusterNode[]): Promise<void> {
    for (const node of [...nodes, ...this.#nodes]) {
      try {
        const answer = await node.as(this.#token, '/auth/logout', 'POST', 3_000)
        await answer.body?.cancel()
        if (answer.ok) return
      } catch {
        // The node is away or has lost its database; the next one is asked.
      }
    }
    throw new Error('No node accepted the sign-out.')
  }

  /** Resolves with an empty list when every node refuses the session, or with what still served it after the time-out. */
  async served(timeoutMs: number): Promise<string[]> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const found = await this.#servedNow()
      if (found.length === 0 || performance.now() > deadline) return found
      await delay(100)
    }
  }

  close(): void {
    for (const client of this.#clients) client.close()
  }

  async #servedNow(): Promise<string[]> {
    const statuses = await Promise.all(this.#nodes.map((node) => statusAt(node, this.#token)))
    return [
      ...this.#clients.flatMap((client, index) =>
        client.finalCode === null ? [`the socket at ${this.#nodes[index]?.name}`] : [],
      ),
      ...statuses.flatMap((status, index) =>
        status === 401 ? [] : [`the token at ${this.#nodes[index]?.name} (${status})`],
      ),
    ]
  }
}

/** Returns the status of a request with the token; 0 without an answer. */
async function statusAt(node: ClusterNode, token: string): Promise<number> {
  try {
    const answer = await node.as(token, '/auth/me')
    await answer.body?.cancel()
    return answer.status
  } catch {
    return 0
  }
}
