import { parseArgs } from 'node:util'
import { Arena, type Slice } from '../harness/arena.ts'
import type { ContestantName } from '../harness/contestants.ts'
import type { Load } from '../harness/protocol.ts'
import { printMeasurement } from '../report/console.ts'
import { measurementOf } from '../report/measurement.ts'

/**
 * The hub alone, on events that are already committed: what a delivery costs behind the log. A part of `broadcast` and `unicast` of
 * `npm run bench`, which measure the whole product.
 *
 *     npm --prefix bench run realtime -- [fan-out-1000 unicast-5000 …] [--slices 5] [--seconds 3]
 */
const scenarios = {
  'fan-out-1000': { users: 1, socketsPerUser: 1_000, burst: 1, window: 4 },
  'fan-out-5000': { users: 1, socketsPerUser: 5_000, burst: 1, window: 4 },
  'burst-1000': { users: 1, socketsPerUser: 1_000, burst: 10, window: 40 },
  'unicast-5000': { users: 5_000, socketsPerUser: 1, burst: 500, window: 2_000 },
  'unicast-100': { users: 100, socketsPerUser: 1, burst: 500, window: 2_000 },
} as const

type ScenarioName = keyof typeof scenarios

const names: readonly ContestantName[] = ['focus hub', 'socket.io', 'ws', 'raw net']

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { slices: { type: 'string', default: '5' }, seconds: { type: 'string', default: '3' } },
})
for (const name of positionals.length > 0 ? positionals : Object.keys(scenarios)) {
  if (!isScenario(name)) throw new Error(`Unknown scenario ${name}. Known: ${Object.keys(scenarios).join(', ')}.`)
  await measure(name, Number(values.slices), Number(values.seconds))
}

async function measure(scenario: ScenarioName, slices: number, seconds: number): Promise<void> {
  const { users, socketsPerUser, burst, window } = scenarios[scenario]
  const tokens = Array.from({ length: users * socketsPerUser }, (_, index) => String(index % users))
  const load: Load = { call: 'notify', users, framesPerCall: socketsPerUser, window, burst, perTurn: burst, seconds }
  const arenas: Arena[] = []
  const results = new Map<string, Slice[]>(names.map((name) => [name, []]))
  try {
    for (const name of names) {
      const arena = await Arena.open(name)
      arenas.push(arena)
      await arena.connect(tokens)
      await arena.load({ ...load, seconds: 1 }) // warm-up
    }
    for (let slice = 0; slice < slices; slice += 1) {
      for (const arena of arenas) results.get(arena.name)?.push(await arena.load(load))
    }
  } finally {
    await Promise.all(arenas.map((arena) => arena.close()))
  }
  const title = 'the hub alone, on committed events'
  printMeasurement(measurementOf({ name: scenario, variant: '', title, unit: 'deliveries/s', isQuick: false }, results))
}

function isScenario(name: string): name is ScenarioName {
  return Object.hasOwn(scenarios, name)
}
