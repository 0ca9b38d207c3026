import { once } from 'node:events'
import { Arena } from '../harness/arena.ts'
import { startProcess } from '../harness/children.ts'
import type { Load } from '../harness/protocol.ts'
import type { RowGrowth } from '../notifications/row-growth.ts'
import { costsOf } from '../report/measurement.ts'
import type { Measurement } from '../report/figures.ts'
import type { RunOptions, Scenario } from './scenario.ts'

const sizes = [1_000, 5_000, 10_000, 19_000]

/** The cost may grow by so much from the smallest to the largest number. */
const tolerance = 1.15

export const growth: Scenario = {
  about:
    'processor time per delivery at 1,000 to 19,000 connections, and per page and resumption at up to 10 million rows',
  run: async (options) => [...(await measureConnections(options)), ...(await measureRows(options))],
}

async function measureConnections(options: RunOptions): Promise<Measurement[]> {
  const broadcast = { call: 'broadcast', window: 8, burst: 1, perTurn: 1 } as const
  const notify = { call: 'notify', window: 4_000, burst: 1, perTurn: 500 } as const
  const arenas = new Map<string, { readonly arena: Arena; readonly connections: number }>()
  try {
    for (const size of sizes) {
      const connections = Math.ceil(size / options.scale)
      const arena = await Arena.open('focus')
      arenas.set(`${size.toLocaleString('en')} connections`, { arena, connections })
      await arena.connect(await arena.tokens(connections))
    }
    return [await measure('broadcast', broadcast, arenas, options), await measure('unicast', notify, arenas, options)]
  } finally {
    await Promise.all([...arenas.values()].map(({ arena }) => arena.close()))
  }
}

/** The tables are filled and read in a process of its own. */
async function measureRows({ isQuick }: RunOptions): Promise<Measurement[]> {
  // The smallest table, of a hundredth of the rows, must hold what a resumption replays.
  const rows = isQuick ? 600_000 : 10_000_000
  const program = startProcess(new URL('../notifications/growth.ts', import.meta.url), {
    args: ['--rows', String(rows), '--rounds', isQuick ? '1' : '15'],
    core: null,
  })
  const [growths]: RowGrowth[][] = await Promise.race([
    once(program, 'message'),
    once(program, 'exit').then(([code]) => {
      throw new Error(`The measurement of large tables ended with ${code}.`)
    }),
  ])
  return (growths ?? []).map(({ work, sizes }) => {
    const costs = new Map(sizes.map((size) => [`${size.rows.toLocaleString('en')} rows`, size.microseconds]))
    const [smallest = ''] = costs.keys()
    const largest = [...costs.keys()].at(-1) ?? ''
    return costsOf(
      {
        name: 'growth',
        variant: work,
        title: `processor time of one call with tables of three sizes in SQLite: ${work}`,
        unit: 'µs',
        isQuick,
        targets: [{ of: largest, to: smallest, kind: 'at most', bound: tolerance }],
      },
      costs,
    )
  })
}

async function measure(
  variant: string,
  kind: Pick<Load, 'call' | 'window' | 'burst' | 'perTurn'>,
  arenas: ReadonlyMap<string, { readonly arena: Arena; readonly connections: number }>,
  { slices, seconds, isQuick }: RunOptions,
): Promise<Measurement> {
  const costs = new Map<string, number[]>([...arenas.keys()].map((label) => [label, []]))
  const run = ({ arena, connections }: { readonly arena: Arena; readonly connections: number }, length: number) =>
    arena.load({
      ...kind,
      users: connections,
      framesPerCall: kind.call === 'broadcast' ? connections : 1,
      seconds: length,
    })
  for (const entry of arenas.values()) await run(entry, Math.min(seconds, 1)) // warm-up
  for (let slice = 0; slice < slices; slice += 1) {
    for (const [label, entry] of arenas) costs.get(label)?.push((await run(entry, seconds)).cpuMicroseconds)
  }
  const [smallest = '', largest = ''] = [[...arenas.keys()][0], [...arenas.keys()].at(-1)]
  return costsOf(
    {
      name: 'growth',
      variant,
      title: `processor time of the server for each delivery of a ${variant === 'broadcast' ? 'stored broadcast' : 'durable notifyUser'}, one core`,
      unit: 'µs',
      isQuick,
      targets: [{ of: largest, to: smallest, kind: 'at most', bound: tolerance }],
    },
    costs,
  )
}
