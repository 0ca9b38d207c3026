import { parseArgs } from 'node:util'
import { Arena, type Slice } from './arena.ts'
import type { ContestantName } from './contestants/index.ts'
import { measureIdle, measureMemory } from './memory.ts'
import { median, round } from '../statistics.ts'
import { measureStorm } from './storm.ts'

/**
 * Compares deliveries, memory of idle connections and connection storms with socket.io, a `ws.send` loop and raw `net.write`,
 * in interleaved slices of one run. Figures are medians; only their ratio is significant.
 *
 *     npm --prefix bench run realtime -- [fan-out-1000 memory storm …] [--slices 5]
 */
const scenarios = {
  'fan-out-1000': { users: [1], socketsPerUser: 1_000, perTurn: 1, rounds: 100 },
  'fan-out-5000': { users: [1], socketsPerUser: 5_000, perTurn: 1, rounds: 20 },
  'burst-1000': { users: [1], socketsPerUser: 1_000, perTurn: 10, rounds: 6 },
  'unicast-5000': { users: range(5_000), socketsPerUser: 1, perTurn: 500, rounds: 100 },
  'unicast-100': { users: range(100), socketsPerUser: 1, perTurn: 500, rounds: 200 },
} as const

type ScenarioName = keyof typeof scenarios

const names: readonly ContestantName[] = ['focus', 'socket.io', 'ws', 'raw net']

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { slices: { type: 'string', default: '5' } },
})
const slices = Number(values.slices)
const chosen = positionals.length > 0 ? positionals : [...Object.keys(scenarios), 'memory', 'idle', 'storm']
for (const name of chosen) {
  if (name === 'memory') await measureMemory(10_000)
  else if (name === 'idle') await measureIdle(10_000)
  else if (name === 'storm') await measureStorm(4_000, slices)
  else if (isScenario(name)) await measure(name, slices)
  else throw new Error(`Unknown scenario ${name}. Known: ${Object.keys(scenarios).join(', ')}, memory, idle, storm.`)
}

async function measure(scenario: ScenarioName, slices: number): Promise<void> {
  const { users, socketsPerUser, perTurn, rounds } = scenarios[scenario]
  const sockets = users.flatMap((user) => Array.from({ length: socketsPerUser }, () => user))
  const arenas: Arena[] = []
  try {
    for (const name of names) {
      const arena = await Arena.open(name)
      arenas.push(arena)
      await arena.connect(sockets)
      await arena.calibrate(users[0] ?? 1, socketsPerUser)
      await arena.slice(users, socketsPerUser, Math.ceil(rounds / 2), perTurn) // warm-up
    }
    const results = new Map<Arena, Slice[]>(arenas.map((arena) => [arena, []]))
    for (let slice = 0; slice < slices; slice += 1) {
      for (const arena of arenas) results.get(arena)?.push(await arena.slice(users, socketsPerUser, rounds, perTurn))
    }
    report(scenario, results)
  } finally {
    for (const arena of arenas) arena.close()
  }
}

function report(scenario: ScenarioName, results: ReadonlyMap<Arena, readonly Slice[]>): void {
  const medians = [...results].map(([arena, slices]) => ({
    name: arena.name,
    bytes: arena.notificationBytes,
    perSecond: median(slices.map(({ perSecond }) => perSecond)),
    cpu: median(slices.map(({ cpuMicroseconds }) => cpuMicroseconds)),
    userCpu: median(slices.map(({ userCpuMicroseconds }) => userCpuMicroseconds)),
  }))
  const ours = medians.find(({ name }) => name === 'focus')
  if (!ours) return
  console.log(`\n${scenario}`)
  console.table(
    medians.map(({ name, bytes, perSecond, cpu, userCpu }) => ({
      server: name,
      bytes,
      'deliveries/s': Math.round(perSecond),
      'focus ×': round(ours.perSecond / perSecond),
      'CPU µs each': round(cpu),
      'of it user': round(userCpu),
      'deliveries per CPU s, focus ×': round(cpu / ours.cpu),
      'user CPU, focus ×': round(ours.userCpu / userCpu),
    })),
  )
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}

function isScenario(name: string): name is ScenarioName {
  return Object.hasOwn(scenarios, name)
}
