import { join } from 'node:path'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { Arena, type Slice } from '../harness/arena.ts'
import type { Load } from '../harness/protocol.ts'
import type { Measurement } from '../report/figures.ts'
import { costsOf, measurementOf } from '../report/measurement.ts'
import type { RunOptions, Scenario } from './scenario.ts'

const users = 100

/** Begin, the heads, the notifications, commit. */
const statementsOfBatch = 4

/** One call after the other, and many that share batches. */
const callers = [1, 1_000]

const load = { call: 'notify', users, framesPerCall: 0, burst: 1 } as const

export const idleCall: Scenario = {
  about:
    'a notifyUser that no policy, transport or preference concerns: its statements, and its processor time without sockets',
  run: async (options) => [await countStatements(options), await measureCost(options)],
}

/** A slice counts the calls that its time allowed, so that its statements are divided by them. */
async function countStatements({ slices, seconds, isQuick }: RunOptions): Promise<Measurement> {
  const arena = await Arena.open('focus', { isCounting: true })
  const counts = new Map<string, number[]>(callers.map((count) => [labelOf(count), []]))
  try {
    await arena.tokens(users)
    await arena.load({ ...load, window: 1, perTurn: 1, seconds: Math.min(seconds, 1) })
    for (let slice = 0; slice < slices; slice += 1) {
      for (const count of callers) {
        const before = await arena.statements()
        const { calls } = await arena.load({ ...load, window: count, perTurn: count, seconds })
        counts.get(labelOf(count))?.push(((await arena.statements()) - before) / calls)
      }
    }
  } finally {
    await arena.close()
  }
  const title =
    'statements that one notifyUser gives to SQLite, begin and commit included, where no policy, transport or preference applies'
  return costsOf(
    {
      name: 'idle-call',
      variant: 'statements',
      title,
      unit: 'statements',
      isQuick,
      targets: [{ of: labelOf(1), to: null, kind: 'at most', bound: statementsOfBatch }],
    },
    counts,
  )
}

async function measureCost({ slices, seconds, isQuick }: RunOptions): Promise<Measurement> {
  const folder = temporaryFolder('bench')
  const arenas: Arena[] = []
  const results = new Map<string, Slice[]>()
  try {
    const focus = await Arena.open('focus', { database: `sqlite:${join(folder, 'focus.db')}` })
    arenas.push(focus)
    await focus.tokens(users)
    const driver = await Arena.open('driver', { database: `sqlite:${join(folder, 'driver.db')}` })
    arenas.push(driver)
    const entries = callers.flatMap((count): [string, Arena, Load][] => [
      [`focus, ${labelOf(count)}`, focus, { ...load, window: count, perTurn: count, seconds }],
      [
        `driver, ${count.toLocaleString('en')} per transaction`,
        driver,
        { ...load, call: 'write', rowsPerCall: count, window: 1, perTurn: 1, seconds },
      ],
    ])
    for (const [label, arena, each] of entries) {
      results.set(label, [])
      await arena.load({ ...each, seconds: Math.min(seconds, 1) })
    }
    for (let slice = 0; slice < slices; slice += 1) {
      for (const [label, arena, each] of entries) results.get(label)?.push(await arena.load(each))
    }
  } finally {
    await Promise.all(arenas.map((arena) => arena.close()))
    removeFolder(folder)
  }
  const title = 'the same call without sockets, and the bare driver with the same rows and heads, one core'
  return measurementOf({ name: 'idle-call', variant: 'cost', title, unit: 'calls/s', isQuick }, results)
}

function labelOf(count: number): string {
  return count === 1 ? 'one caller' : `${count.toLocaleString('en')} callers`
}
