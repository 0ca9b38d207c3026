import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Fault } from '@focus-api/test-kit/cluster/faults'
import { FaultRun } from '@focus-api/test-kit/cluster/fault-run'
import { type Mariadb, startMariadb } from '@focus-api/test-kit/servers/mariadb'
import { startRedisCluster } from '@focus-api/test-kit/servers/redis-cluster'
import { startRedisSentinels, until } from '@focus-api/test-kit/servers/redis-sentinels'
import type { ServerProcess } from '@focus-api/test-kit/servers/server-process'

/** A Redis of several servers whose first master has a replica. */
interface ReplicatedRedis {
  readonly url: string
  readonly master: ServerProcess
  readonly replica: ServerProcess
  stop(): Promise<void>
}

describe('three nodes on MariaDB lose and duplicate nothing when', () => {
  let mariadb: Mariadb
  beforeAll(async () => {
    mariadb = await startMariadb({ own: true })
  })
  afterAll(() => mariadb.stop())

  test('the master of Redis Sentinel dies and its replica is promoted', { timeout: 120_000 }, async () => {
    await loseMaster(await startRedisSentinels())
  })

  test('one of three masters of Redis Cluster dies and its replica is promoted', { timeout: 120_000 }, async () => {
    const cluster = await startRedisCluster()
    const [master] = cluster.masters
    if (!master) throw new Error('There are three masters.')
    await loseMaster({ ...cluster, master, stop: () => cluster.stop() })
  })

  async function loseMaster(redis: ReplicatedRedis): Promise<void> {
    const setUp = {
      database: { server: mariadb, url: await mariadb.createDatabase() },
      redis: { server: redis.master, url: redis.url },
      stop: () => redis.stop(),
    }
    const run = await FaultRun.start(setUp, 1)
    const failover: Fault = {
      name: 'the master dies',
      async run({ cluster, traffic, meanwhile }) {
        await traffic.progress(50)
        await redis.master.kill()
        await meanwhile(cluster.nodes)
        await until(redis.replica.port, 'INFO replication\r\n', /role:master/)
        await traffic.progress(100)
      },
    }
    try {
      await run.endure(failover)
      const { accepted, ...counts } = await run.finish()
      expect(accepted).toBeGreaterThan(150)
      expect(counts).toMatchObject({ lost: 0, holes: 0, duplicated: 0, outOfOrder: 0, unrecovered: 0 })
    } finally {
      await run.close()
    }
  }
})
