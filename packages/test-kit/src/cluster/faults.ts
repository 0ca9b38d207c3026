import { setTimeout as delay } from 'node:timers/promises'
import type { Cluster } from './cluster.ts'
import type { ClusterNode } from './cluster-node.ts'
import type { SetUp } from './set-ups.ts'
import type { Traffic } from './traffic.ts'

/** What a fault acts on. */
export interface FaultScene {
  readonly setUp: SetUp
  readonly cluster: Cluster
  readonly traffic: Traffic
  /** The node that the fault concerns. */
  readonly victim: ClusterNode
  /** Called while the fault lasts. */
  readonly meanwhile: (healthy: readonly ClusterNode[]) => Promise<void>
}

export interface Fault {
  readonly name: string
  /** Whether the fault concerns Redis; then it needs a set-up with Redis. */
  readonly needsRedis?: true
  /** Causes the fault, keeps it for a while under traffic, and ends it. */
  run(scene: FaultScene): Promise<void>
}

/** Longer than the watchdogs of connections to servers, shorter than the time-outs of callers. */
const partitionMs = 3_000

/** Every fault that a cluster must survive without a loss; each ends with all parts running. */
export const faults: readonly Fault[] = [
  {
    name: 'a node is killed',
    async run({ victim, traffic, meanwhile, cluster }) {
      await victim.kill()
      await meanwhile(othersOf(cluster, victim))
      await traffic.progress(20)
      await victim.start()
    },
  },
  {
    name: 'a node stops for 10 s',
    async run({ victim, traffic, meanwhile, cluster }) {
      victim.freeze()
      await Promise.all([delay(10_000), meanwhile(othersOf(cluster, victim)), traffic.progress(20)])
      victim.thaw()
    },
  },
  {
    name: 'the broker is killed and starts again',
    needsRedis: true,
    async run({ setUp, traffic, meanwhile, cluster }) {
      await setUp.redis?.server.kill()
      await meanwhile(cluster.nodes)
      await Promise.all([delay(partitionMs), traffic.progress(20)])
      await setUp.redis?.server.restart()
    },
  },
  {
    name: 'the broker pauses for 5 s',
    async run({ setUp, meanwhile, cluster }) {
      const { server } = setUp.redis ?? setUp.database
      server.pause()
      // A database that is paused cannot accept a sign-out.
      await Promise.all([delay(5_000), setUp.redis && meanwhile(cluster.nodes)])
      server.resume()
      if (!setUp.redis) await meanwhile(cluster.nodes)
    },
  },
  {
    name: 'a node is cut off from the broker',
    needsRedis: true,
    async run({ victim, traffic, meanwhile, cluster }) {
      victim.redis?.silence()
      await Promise.all([delay(partitionMs), meanwhile(cluster.nodes), traffic.progress(20)])
      victim.redis?.cut()
      await delay(partitionMs / 2)
      victim.redis?.heal()
    },
  },
  {
    name: 'a node is cut off from the database',
    async run({ victim, traffic, meanwhile, cluster }) {
      victim.database?.silence()
      await Promise.all([delay(partitionMs), meanwhile(othersOf(cluster, victim)), traffic.progress(20)])
      victim.database?.cut()
      await delay(partitionMs / 2)
      victim.database?.heal()
    },
  },
  {
    name: 'the database is killed and starts again',
    async run({ setUp, meanwhile, cluster }) {
      await setUp.database.server.kill()
      await delay(1_000)
      await setUp.database.server.restart()
      await meanwhile(cluster.nodes)
    },
  },
  {
    name: 'all nodes restart one by one',
    async run({ cluster, traffic, meanwhile, victim }) {
      for (const node of cluster.nodes) {
        await node.leave()
        if (node === victim) await meanwhile(othersOf(cluster, victim))
        await node.start()
        await traffic.progress(10)
      }
    },
  },
]

/** Returns the faults of a set-up. */
export function faultsOf({ redis }: Pick<SetUp, 'redis'>): Fault[] {
  return faults.filter(({ needsRedis }) => !needsRedis || redis !== null)
}

function othersOf(cluster: Cluster, victim: ClusterNode): ClusterNode[] {
  return cluster.nodes.filter((node) => node !== victim)
}
