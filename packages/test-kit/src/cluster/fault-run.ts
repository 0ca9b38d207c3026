import { Dice } from '../values/dice.ts'
import { Cluster, type ClusterUser } from './cluster.ts'
import { CountingClient } from './counting-client.ts'
import { DeliveryCheck, type DeliveryReport, type Follower } from './delivery-check.ts'
import type { Fault } from './faults.ts'
import { KnownSession } from './sign-outs.ts'
import type { SetUp } from './set-ups.ts'
import { Traffic } from './traffic.ts'

/** Users with clients; as many again sign out during faults. */
const users = 10
const clientsPerUser = 2

/**
 * A cluster of three nodes under traffic, which goes through one fault after the other. Throws when a notification is lost, or when a
 * node still serves a session that has ended.
 */
export class FaultRun {
  readonly setUp: SetUp
  readonly cluster: Cluster
  readonly traffic: Traffic
  readonly #dice: Dice
  readonly #followers: readonly Follower[]
  readonly #check: DeliveryCheck
  readonly #signingOut: readonly ClusterUser[]
  signOuts = 0

  private constructor(setUp: SetUp, cluster: Cluster, dice: Dice) {
    this.setUp = setUp
    this.cluster = cluster
    this.#dice = dice
    const random = () => dice.roll()
    const receiving = cluster.users.slice(0, users)
    this.#signingOut = cluster.users.slice(users)
    this.traffic = new Traffic({ nodes: cluster.nodes, users: receiving, random })
    this.#followers = receiving.flatMap((user) =>
      Array.from({ length: clientsPerUser }, () => ({
        user,
        client: new CountingClient({ token: user.token, urls: cluster.urls, random }),
      })),
    )
    this.#check = new DeliveryCheck(this.#followers, this.traffic.accepted)
  }

  /**
   * @param setUp the servers, which `close` stops
   * @param seed of the random choices
   */
  static async start(setUp: SetUp, seed: number): Promise<FaultRun> {
    try {
      const { database, redis } = setUp
      const cluster = await Cluster.start({ databaseUrl: database.url, redisUrl: redis?.url ?? null, users: users * 2 })
      const run = new FaultRun(setUp, cluster, new Dice(seed))
      await Promise.all(run.#followers.map(({ client }) => client.connect()))
      run.traffic.start()
      return run
    } catch (error) {
      await setUp.stop()
      throw error
    }
  }

  /**
   * Runs one fault. Resolves when every notification accepted before its end has arrived, clients are connected, and no node serves
   * the session that ended meanwhile.
   */
  async endure(fault: Fault): Promise<void> {
    const { setUp, cluster, traffic } = this
    const victim = cluster.nodes[this.#dice.below(cluster.nodes.length)]
    const user = this.#signingOut[this.signOuts % this.#signingOut.length]
    if (!victim || !user) throw new Error('There are three nodes.')
    const session = await KnownSession.start(user, cluster.nodes)
    try {
      await fault.run({ setUp, cluster, traffic, victim, meanwhile: (healthy) => session.end(healthy) })
      this.signOuts += 1
      // Every node serves again.
      await traffic.progress(10, 30_000)
      await this.#check.allDelivered()
      const served = await session.served(15_000)
      if (served.length > 0) throw new Error(`A session that ended is still served: ${served.join(', ')}.`)
    } catch (error) {
      throw new Error(`${fault.name}, ${victim.name}: ${String(error)}\n${this.#logs()}`, { cause: error })
    } finally {
      session.close()
      await this.#recover()
    }
  }

  /** Ends the traffic, waits for calls that are still repeated, and compares once more. */
  async finish(): Promise<DeliveryReport> {
    await this.traffic.stop()
    await this.#check.allDelivered()
    return this.#check.report()
  }

  report(): DeliveryReport {
    return this.#check.report()
  }

  async close(): Promise<void> {
    for (const { client } of this.#followers) client.close()
    await this.cluster.close()
    await this.setUp.stop()
  }

  /** Ends a fault that failed halfway, so that the next one starts with all parts running. */
  async #recover(): Promise<void> {
    const { nodes } = this.cluster
    for (const server of [this.setUp.database.server, this.setUp.redis?.server]) {
      server?.resume()
      if (server?.isRunning() === false) await server.restart()
    }
    for (const node of nodes) {
      node.thaw()
      node.database?.heal()
      node.redis?.heal()
      if (!node.isRunning) await node.start()
    }
  }

  #logs(): string {
    return this.cluster.nodes.map(({ name, output }) => `--- ${name}\n${output.slice(-1_500)}`).join('\n')
  }
}
