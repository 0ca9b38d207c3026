import { expect, test } from 'vitest'
import { describeOnDatabase } from '@focus-api/test-kit/databases/matrix'
import type { Fault } from '@focus-api/test-kit/cluster/faults'
import { FaultRun } from '@focus-api/test-kit/cluster/fault-run'
import { startGalera } from '@focus-api/test-kit/servers/galera'

describeOnDatabase('mariadb')('three nodes, each on its own server of a Galera cluster', () => {
  test('lose and duplicate nothing when a server is lost and its node uses another one', {
    timeout: 120_000,
  }, async () => {
    const galera = await startGalera()
    const [first, second, third] = galera.servers
    if (!first || !second || !third) throw new Error('There are three servers.')
    const setUp = { database: { server: first, url: galera.urls }, redis: null, stop: () => galera.stop() }
    const run = await FaultRun.start(setUp, 1)
    const failover: Fault = {
      name: 'a server is lost',
      async run({ cluster, traffic, meanwhile }) {
        await traffic.progress(50)
        await second.kill()
        // The others decide after five seconds of silence.
        await expect.poll(() => galera.size(0).catch(() => 0), { timeout: 40_000 }).toBe(2)
        cluster.nodes[1]?.database?.switchTo({ host: '127.0.0.1', port: third.port })
        await meanwhile(cluster.nodes)
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
  })
})
