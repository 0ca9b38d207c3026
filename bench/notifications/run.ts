import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startMariadb } from '@focus-api/test-kit/servers/mariadb'
import { startPostgres } from '@focus-api/test-kit/servers/postgres'
import type { Contestant } from './contestant.ts'
import { focus } from './focus.ts'
import { median } from '../statistics.ts'
import { latency, throughput } from './measure.ts'
import { bareMysql } from './mysql.ts'
import { barePostgres, barePostgresWithHeads } from './postgres.ts'
import { bareSqlite } from './sqlite.ts'

/**
 * Durable notifications per second, and the time of a single one, compared with the bare driver on the same table and indexes
 * in the same run, with and without policies. Slices are interleaved; figures are medians, and only their ratio is significant.
 * A part of `store` of `npm run bench`.
 *
 *     npm --prefix bench run notifications -- [--slices 5] [--ms 1000] [--calls 1000] [--databases sqlite,postgres]
 */
const { values } = parseArgs({
  options: {
    slices: { type: 'string', default: '5' },
    ms: { type: 'string', default: '1000' },
    calls: { type: 'string', default: '1000' },
    databases: { type: 'string', default: 'sqlite,mariadb,postgres' },
  },
})

interface Target {
  /** Target ratio of the contestant at this index to the contestant at index `of`. */
  readonly of: number
  readonly atLeast: number
}

interface Entry {
  readonly contestant: Contestant
  readonly targets: readonly Target[]
}

async function sqlite(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'focus-bench-'))
  try {
    const plain = join(folder, 'plain.db')
    const limited = join(folder, 'limited.db')
    const bare = join(folder, 'bare.db')
    // Creates the tables to which the bare driver writes.
    await (await focus(`sqlite:${bare}`, 'none', 1)).close()
    await compare('SQLite', [
      { contestant: bareSqlite(bare, 1_000), targets: [] },
      { contestant: bareSqlite(bare, 1), targets: [] },
      {
        contestant: await focus(`sqlite:${plain}`, 'none', 256),
        targets: [
          { of: 0, atLeast: 0.4 },
          { of: 1, atLeast: 4 },
        ],
      },
      { contestant: await focus(`sqlite:${limited}`, 'dedupe + rate', 256), targets: [{ of: 0, atLeast: 0.2 }] },
    ])
    await compareLatency('SQLite', bareSqlite(bare, 1), await focus(`sqlite:${plain}`, 'none', 1))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function mariadb(): Promise<void> {
  const server = await startMariadb({
    own: true,
    args: ['--innodb-buffer-pool-size=256M', '--innodb-log-file-size=256M'],
  })
  try {
    const bare = await server.createDatabase()
    const plain = await server.createDatabase()
    await (await focus(bare, 'none', 1)).close()
    await compare('MariaDB', [
      { contestant: bareMysql(bare, 1_000, 1), targets: [] },
      { contestant: bareMysql(bare, 1, 32), targets: [] },
      {
        contestant: await focus(plain, 'none', 256),
        targets: [
          { of: 0, atLeast: 0.35 },
          { of: 1, atLeast: 2 },
        ],
      },
      {
        contestant: await focus(await server.createDatabase(), 'dedupe + rate', 256),
        targets: [{ of: 0, atLeast: 0.2 }],
      },
    ])
    await compareLatency('MariaDB', bareMysql(bare, 1, 1), await focus(plain, 'none', 1))
  } finally {
    await server.stop()
  }
}

async function postgres(): Promise<void> {
  const server = await startPostgres({
    own: true,
    args: ['-cfsync=on', '-cfull_page_writes=on', '-cshared_buffers=256MB', '-cmax_wal_size=2GB'],
  })
  try {
    const bare = await server.createDatabase()
    const plain = await server.createDatabase()
    const sameWork = await server.createDatabase()
    for (const url of [bare, sameWork]) await (await focus(url, 'none', 1)).close()
    await compare('PostgreSQL', [
      { contestant: barePostgresWithHeads(sameWork, 1_000), targets: [] },
      { contestant: barePostgres(bare, 1_000, 1), targets: [] },
      { contestant: barePostgres(bare, 1, 32), targets: [] },
      {
        contestant: await focus(plain, 'none', 256),
        targets: [
          { of: 0, atLeast: 0.5 },
          { of: 1, atLeast: 0.35 },
          { of: 2, atLeast: 2 },
        ],
      },
      {
        contestant: await focus(await server.createDatabase(), 'dedupe + rate', 256),
        targets: [{ of: 0, atLeast: 0.2 }],
      },
    ])
    await compareLatency('PostgreSQL', barePostgres(bare, 1, 1), await focus(plain, 'none', 1))
  } finally {
    await server.stop()
  }
}

async function compare(database: string, entries: readonly Entry[]): Promise<void> {
  const measured = entries.map((): number[] => [])
  for (const { contestant } of entries) await throughput(contestant, Number(values.ms))
  for (let slice = 0; slice < Number(values.slices); slice += 1) {
    for (const [index, { contestant }] of entries.entries()) {
      measured[index]?.push(await throughput(contestant, Number(values.ms)))
    }
  }
  console.log(`\n${database}: notifications per second`)
  for (const [index, { contestant, targets }] of entries.entries()) {
    const own = measured[index] ?? []
    const ratios = targets.map(({ of, atLeast }) => {
      const ratio = median(own.map((figure, slice) => figure / (measured[of]?.[slice] ?? NaN)))
      return `${ratio.toFixed(2)} × ${entries[of]?.contestant.name} (target ${atLeast}) ${ratio >= atLeast ? 'met' : 'MISSED'}`
    })
    console.log(`  ${Math.round(median(own)).toLocaleString('en').padStart(9)}  ${contestant.name}`)
    for (const ratio of ratios) console.log(`             ${ratio}`)
  }
  for (const { contestant } of entries) await contestant.close()
}

async function compareLatency(database: string, bare: Contestant, own: Contestant): Promise<void> {
  const calls = Number(values.calls)
  const p99s: { bare: number; own: number }[] = []
  for (let slice = 0; slice < 3; slice += 1) {
    p99s.push({ bare: await latency(bare, calls, 0.99), own: await latency(own, calls, 0.99) })
  }
  const [bareP99, ownP99] = [median(p99s.map((p99) => p99.bare)), median(p99s.map((p99) => p99.own))]
  const allowed = 2 * bareP99 + 2
  console.log(`  p99 of a single call: ${ownP99.toFixed(2)} ms; bare insert ${bareP99.toFixed(2)} ms`)
  console.log(`             target ≤ ${allowed.toFixed(2)} ms ${ownP99 <= allowed ? 'met' : 'MISSED'}`)
  await bare.close()
  await own.close()
}

const databases = { sqlite, mariadb, postgres }
for (const [name, run] of Object.entries(databases)) {
  if (values.databases.split(',').includes(name)) await run()
}
