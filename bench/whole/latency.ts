import { type SetUpName, setUpNames, startSetUp } from '@focus-api/test-kit/cluster/set-ups'
import { ClusterArena } from '../cluster/arena.ts'
import type { Target } from '../report/figures.ts'
import { costsOf } from '../report/measurement.ts'
import { percentile } from '../statistics.ts'
import type { RunOptions, Scenario } from './scenario.ts'

const users = 300
/** Notifications of one slice, one at a time. */
const count = 500
const pauseMs = 5

/** Bounds in milliseconds for the median and the 99th percentile. */
const bounds: Readonly<Record<SetUpName, { readonly p50: number; readonly p99: number }>> = {
  mariadb: { p50: 40, p99: 150 },
  'mariadb+redis': { p50: 5, p99: 25 },
  postgres: { p50: 5, p99: 25 },
  'postgres+redis': { p50: 5, p99: 25 },
}

const parts = { p50: 0.5, p99: 0.99 } as const

export const latency: Scenario = {
  about:
    'from notifyUser in one process to a socket at another one, commit included: MariaDB, PostgreSQL, each also with Redis',
  async run(options) {
    const taken = new Map<SetUpName, readonly (readonly number[])[]>()
    for (const name of setUpNames.filter((name) => options.databases.some((database) => name.startsWith(database)))) {
      taken.set(name, await latenciesOn(name, options))
    }
    return Object.entries(parts).map(([part, share]) =>
      costsOf(
        {
          name: 'latency',
          variant: part,
          title: `from notifyUser at one node to a socket of another node, ${users} users connected, commit included`,
          unit: 'ms',
          isQuick: options.isQuick,
          targets: [...taken.keys()].map(
            (name): Target => ({
              of: name,
              to: null,
              kind: 'at most',
              bound: bounds[name][part === 'p50' ? 'p50' : 'p99'],
            }),
          ),
        },
        new Map([...taken].map(([name, slices]) => [name, slices.map((own) => percentile(own, share))])),
      ),
    )
  },
}

/** Returns the milliseconds of each notification, by slice. */
async function latenciesOn(name: SetUpName, { slices, scale }: RunOptions): Promise<(readonly number[])[]> {
  const setUp = await startSetUp(name)
  try {
    const urls = { databaseUrl: String(setUp.database.url), redisUrl: setUp.redis?.url ?? null }
    const arena = await ClusterArena.open({ contestant: 'focus', ...urls }, 2)
    try {
      const connected = Math.ceil(users / scale)
      const everyone = Array.from({ length: connected }, (_, user) => user)
      await arena.connect(connected, () => 1)
      await arena.latencies(everyone, 50, pauseMs) // warm-up
      const all: (readonly number[])[] = []
      for (let slice = 0; slice < slices; slice += 1) {
        all.push(await arena.latencies(everyone, Math.ceil(count / scale), pauseMs))
      }
      return all
    } finally {
      await arena.close()
    }
  } finally {
    await setUp.stop()
  }
}
