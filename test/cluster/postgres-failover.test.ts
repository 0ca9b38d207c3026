import { expect, test } from 'vitest'
import { describeOnDatabase } from '@focus-api/test-kit/databases/matrix'
import type { Fault } from '@focus-api/test-kit/cluster/faults'
import { FaultRun } from '@focus-api/test-kit/cluster/fault-run'
import { startPostgresPair } from '@focus-api/test-kit/servers/postgres-pair'

describeOnDatabase('postgres')('three nodes on PostgreSQL with a synchronous standby', () => {
  test('lose and duplicate nothing when the primary dies and the standby is promoted', {
    timeout: 120_000,
  }, async () => {
    const pair = await startPostgresPair()
    // The primary stays dead: it does not know of its successor.
    const setUp = { database: { server: pair.standby, url: pair.url }, redis: null, stop: () => pair.stop() }
    const run = await FaultRun.start(setUp, 1)
    const failover: Fault = {
      name: 'the primary dies',
      async run({ cluster, traffic, meanwhile }) {
        await traffic.progress(50)
        await pair.primary.kill()
        await pair.promote()
        await meanwhile(cluster.nodes)
        await traffic.progress(100)
      },
    }
    try {
      await run.endure(failover)
      const { accepted, ...counts } = await run.finish()
      expect(accepted).toBeGreaterThan(150)
      expect(counts).toMatchObject({ lost: 0, holes: 0, duplicated: 0, outOfOrder: 0, unrecovered: 0 })
      expect(run.signOuts).toBe(1)
    } finally {
      await run.close()
    }
  })
})
