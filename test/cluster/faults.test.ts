import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FaultRun } from '@focus-api/test-kit/cluster/fault-run'
import { faults } from '@focus-api/test-kit/cluster/faults'
import { setUpNames, startSetUp } from '@focus-api/test-kit/cluster/set-ups'

/** Longer than a killed call keeps its idempotency key. */
const finishTimeoutMs = 120_000

/**
 * Three nodes under traffic, and one fault after the other: every accepted notification reaches its clients once and in order, and no
 * accepted sign-out is ignored.
 */
describe.each(setUpNames)('three nodes on %s lose and duplicate nothing when', (name) => {
  let run: FaultRun
  beforeAll(async () => {
    run = await FaultRun.start(await startSetUp(name), 1)
  })
  afterAll(() => run.close())

  for (const fault of faults) {
    test.skipIf(fault.needsRedis && !name.endsWith('+redis'))(fault.name, { timeout: 120_000 }, async () => {
      await run.endure(fault)
      expect(run.report()).toMatchObject({ lost: 0, holes: 0, duplicated: 0, outOfOrder: 0, unrecovered: 0 })
    })
  }

  test('calls that were repeated with their keys are stored once', { timeout: finishTimeoutMs }, async () => {
    const { accepted, ...counts } = await run.finish()
    expect(accepted).toBeGreaterThan(200)
    expect(counts).toMatchObject({ lost: 0, holes: 0, duplicated: 0, outOfOrder: 0, unrecovered: 0 })
  })
})
