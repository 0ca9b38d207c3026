import { createFocus, type FocusOptions, type UserId } from '@focus-api/core'
import { profileOf } from '../focus/profile.ts'
import { ClusterNode, secret } from './cluster-node.ts'

/** A user of the cluster with an access token that all nodes accept for a day. */
export interface ClusterUser {
  readonly id: UserId
  readonly name: string
  readonly token: string
}

export interface ClusterOptions {
  /** One URL for all nodes, or one for each: the servers of a database that accepts writes at any of them. */
  readonly databaseUrl: string | readonly string[]
  readonly redisUrl: string | null
  /** 3 when absent. */
  readonly nodes?: number
  readonly users: number
  /** True when absent. */
  readonly isProxied?: boolean
  /** Time over which a node that leaves spreads the end of its connections; 1,000 when absent. */
  readonly drainMs?: number
  readonly options?: FocusOptions
}

/** Nodes in processes of their own on one database, and its users. */
export class Cluster {
  readonly nodes: readonly ClusterNode[]
  readonly users: readonly ClusterUser[]

  private constructor(nodes: readonly ClusterNode[], users: readonly ClusterUser[]) {
    this.nodes = nodes
    this.users = users
  }

  static async start(settings: ClusterOptions): Promise<Cluster> {
    const { databaseUrl, redisUrl, nodes: count = 3, isProxied = true, drainMs = 1_000 } = settings
    const options: FocusOptions = {
      ...settings.options,
      notifications: { maxPerUser: 1_000_000, ...settings.options?.notifications },
      websocket: { heartbeatIntervalSeconds: 1, ...settings.options?.websocket },
    }
    const urlOf = (index: number) => (typeof databaseUrl === 'string' ? databaseUrl : (databaseUrl[index] ?? ''))
    const users = await createUsers(urlOf(0), settings.users)
    const nodes = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        ClusterNode.prepare(`node ${index + 1}`, {
          databaseUrl: urlOf(index),
          redisUrl,
          isProxied,
          drainMs,
          options,
        }),
      ),
    )
    const cluster = new Cluster(nodes, users)
    try {
      await Promise.all(nodes.map((node) => node.start()))
    } catch (error) {
      await cluster.close()
      throw error
    }
    return cluster
  }

  get urls(): string[] {
    return this.nodes.map(({ url }) => url)
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()))
  }
}

/** Creates users and their tokens with an instance of this process, which also creates the tables. */
async function createUsers(database: string, count: number): Promise<ClusterUser[]> {
  const focus = await createFocus({ database, secret, env: {}, logger: false })
  try {
    const users: ClusterUser[] = []
    const inParallel = 16
    for (let first = 0; first < count; first += inParallel) {
      const names = Array.from(
        { length: Math.min(inParallel, count - first) },
        (_, index) => `user${first + index + 1}`,
      )
      users.push(
        ...(await Promise.all(
          names.map(async (name) => {
            const { user } = await focus.auth.accounts.signIn(profileOf(name, { preferredUsername: name }))
            const { accessToken: token } = await focus.auth.sessions.startShort(user, 86_400)
            return { id: user.id, name, token }
          }),
        )),
      )
    }
    return users
  } finally {
    await focus.close()
  }
}
