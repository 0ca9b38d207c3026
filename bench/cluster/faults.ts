import { parseArgs } from 'node:util'
import { FaultRun } from '@focus-api/test-kit/cluster/fault-run'
import { faultsOf } from '@focus-api/test-kit/cluster/faults'
import { type SetUpName, setUpNames, startSetUp } from '@focus-api/test-kit/cluster/set-ups'
import { Dice } from '@focus-api/test-kit/values/dice'

/**
 * Random faults in a cluster of three nodes under traffic, one round after the other, on each set-up. After each round, every accepted
 * notification must have reached its clients once and in order, and no node may serve a session that ended in the round.
 *
 *     npm --prefix bench run faults -- [--rounds 200] [--setup all|mariadb,mariadb+redis] [--seed 1]
 *
 * `--rounds` is the number of rounds of all set-ups together.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    setup: { type: 'string', default: 'all' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
  },
})
const seed = Number(values.seed)
const names = values.setup === 'all' ? setUpNames : values.setup.split(',').map(setUpNameOf)
const perSetUp = Math.ceil(Number(values.rounds) / names.length)
console.log(`seed ${seed}, ${perSetUp} rounds on each of ${names.join(', ')}`)

const rows: Record<string, Record<string, number>> = {}
let failed = 0
for (const name of names) rows[name] = await runOn(name)
console.table(rows)
console.log(failed === 0 ? 'passed' : `FAILED: ${failed} rounds`)
process.exitCode = failed === 0 ? 0 : 1

async function runOn(name: SetUpName): Promise<Record<string, number>> {
  const dice = new Dice(seed)
  const run = await FaultRun.start(await startSetUp(name), seed)
  const [first, ...others] = faultsOf(run.setUp)
  if (!first) throw new Error('There are no faults.')
  let failedHere = 0
  for (let round = 1; round <= perSetUp; round += 1) {
    const fault = dice.pick([first, ...others])
    const started = performance.now()
    let error: unknown
    try {
      await run.endure(fault)
    } catch (caught) {
      error = caught
      failedHere += 1
    }
    const { accepted, lost, holes, duplicated, outOfOrder, unrecovered } = run.report()
    const seconds = ((performance.now() - started) / 1_000).toFixed(1)
    console.log(
      `${name} ${round}/${perSetUp} ${fault.name}: ${seconds} s, ${accepted} accepted, ${lost} lost, ${holes} holes, ` +
        `${duplicated} duplicated, ${outOfOrder} out of order, ${unrecovered} not recovered`,
    )
    if (error !== undefined) console.error(error instanceof Error ? error.message : error)
  }
  const report = await run.finish()
  await run.close()
  const { lost, holes, duplicated, outOfOrder, unrecovered } = report
  if (lost + holes + duplicated + outOfOrder + unrecovered > 0) failedHere += 1
  failed += failedHere
  return { rounds: perSetUp, failed: failedHere, ...report, signOuts: run.signOuts }
}

function setUpNameOf(name: string): SetUpName {
  const known = setUpNames.find((each) => each === name)
  if (known) return known
  throw new Error(`--setup: unknown set-up "${name}". Accepted: all, ${setUpNames.join(', ')}, separated by commas.`)
}
