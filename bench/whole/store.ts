import { databaseKinds } from '@focus-api/test-kit/databases/database-kinds'
import { startMariadb } from '@focus-api/test-kit/servers/mariadb'
import { startPostgres } from '@focus-api/test-kit/servers/postgres'
import { Arena, type Slice } from '../harness/arena.ts'
import type { Load } from '../harness/protocol.ts'
import { measurementOf } from '../report/measurement.ts'
import { median, round } from '../statistics.ts'
import type { RunOptions, Scenario } from './scenario.ts'

const users = 5_000
const callers = [256, 4_000]
const rowsPerTransaction = [1_000, 4_000]

/** Enough memory that the servers are limited by their work, and durable commits. */
const servers = {
  sqlite: () => databaseKinds.sqlite.start(),
  mariadb: () => startMariadb({ own: true, args: ['--innodb-buffer-pool-size=256M', '--innodb-log-file-size=256M'] }),
  postgres: () =>
    startPostgres({
      own: true,
      args: ['-cfsync=on', '-cfull_page_writes=on', '-cshared_buffers=256MB', '-cmax_wal_size=2GB'],
    }),
} as const

type DatabaseName = keyof typeof servers
const names = Object.keys(servers) as DatabaseName[]

export const store: Scenario = {
  about:
    'a durable notifyUser without sockets, against the bare driver with the same work; --databases sqlite,mariadb,postgres',
  async run(options) {
    const measurements = []
    for (const name of names.filter((name) => options.databases.includes(name))) {
      measurements.push(await measure(name, options))
    }
    return measurements
  },
}

interface Entry {
  readonly label: string
  readonly arena: Arena
  readonly load: Load
}

async function measure(name: DatabaseName, { slices, seconds, scale, isQuick }: RunOptions) {
  const server = await servers[name]()
  const arenas: Arena[] = []
  const open = async (contestant: 'focus' | 'driver') => {
    // Both cores: no clients need one, and Focus has a thread that writes.
    const arena = await Arena.open(contestant, { cores: 2, database: await server.createDatabase() })
    arenas.push(arena)
    return arena
  }
  const load = { users: Math.ceil(users / scale), framesPerCall: 0, burst: 1, seconds }
  try {
    const entries: Entry[] = []
    const focus = await open('focus')
    await focus.tokens(load.users)
    for (const window of callers) {
      const notify: Load = { ...load, call: 'notify', window, perTurn: window }
      entries.push({ label: `focus, ${window.toLocaleString('en')} callers`, arena: focus, load: notify })
    }
    for (const rowsPerCall of rowsPerTransaction) {
      const write: Load = { ...load, call: 'write', rowsPerCall, window: 1, perTurn: 1 }
      entries.push({
        label: `driver, ${rowsPerCall.toLocaleString('en')} rows`,
        arena: await open('driver'),
        load: write,
      })
    }
    const results = new Map<string, Slice[]>()
    for (const { arena, load } of entries) await arena.load({ ...load, seconds: Math.min(seconds, 1) })
    for (let slice = 0; slice < slices; slice += 1) {
      for (const { label, arena, load } of entries) {
        results.set(label, [...(results.get(label) ?? []), await arena.load(load)])
      }
    }
    const { title } = databaseKinds[name]
    return measurementOf(
      {
        name: 'store',
        variant: title,
        title: 'durable notifyUser to 5,000 users at random, and the same work by the bare driver',
        unit: 'rows/s',
        isQuick,
        targets: callers.map((count) => ({
          of: `focus, ${count.toLocaleString('en')} callers`,
          to: 'driver, 1,000 rows',
          kind: 'at least',
          bound: 0.8,
        })),
        details: (label) => ({
          'main thread': round(median((results.get(label) ?? []).map(({ mainThread }) => mainThread))),
        }),
      },
      results,
    )
  } finally {
    await Promise.all(arenas.map((arena) => arena.close()))
    await server.stop()
  }
}
