import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Cluster } from '@focus-api/test-kit/cluster/cluster'
import { CountingClient } from '@focus-api/test-kit/cluster/counting-client'
import { startSetUp } from '@focus-api/test-kit/cluster/set-ups'
import { type Connection, createConnection } from 'mysql2/promise'
import { round } from '../statistics.ts'

/**
 * What a cluster costs its database: the figures of the cost model in docs/scaling.md. Counts what the server itself counts, with 1, 2
 * and 4 nodes on MariaDB, first while nothing is sent, then for notifications that all nodes send.
 *
 *     npm --prefix bench run cost -- [--setup mariadb] [--users 300] [--count 3000] [--nodes 1,2,4] [--at-once 32]
 */
const { values } = parseArgs({
  options: {
    setup: { type: 'string', default: 'mariadb' },
    users: { type: 'string', default: '300' },
    count: { type: 'string', default: '3000' },
    nodes: { type: 'string', default: '1,2,4' },
    'at-once': { type: 'string', default: '32' },
  },
})
const count = Number(values.count)
const atOnce = Number(values['at-once'])
const idleMs = 10_000

const counters = {
  statements: 'Questions',
  transactions: 'Com_begin',
  rowsInserted: 'Handler_write',
  bytesIn: 'Bytes_received',
  bytesOut: 'Bytes_sent',
} as const
type Counts = Record<keyof typeof counters, number>

const idle: Record<string, object> = {}
const busy: Record<string, object> = {}
for (const nodes of values.nodes.split(',').map(Number)) await measure(nodes)
console.log('While nothing is sent: per node and second')
console.table(idle)
console.log('Per notification, of what comes on top of that')
console.table(busy)

async function measure(nodes: number): Promise<void> {
  const label = nodes === 1 ? '1 node' : `${nodes} nodes`
  const setUp = await startSetUp(values.setup === 'mariadb+redis' ? 'mariadb+redis' : 'mariadb')
  const url = String(setUp.database.url)
  const cluster = await Cluster.start({
    databaseUrl: url,
    redisUrl: setUp.redis?.url ?? null,
    nodes,
    users: Number(values.users),
    isProxied: false,
    options: { websocket: { heartbeatIntervalSeconds: 30 } },
  })
  const clients = cluster.users.map(
    ({ token }, index) => new CountingClient({ token, urls: [cluster.urls[index % nodes] ?? ''], silenceMs: 70_000 }),
  )
  await Promise.all(clients.map((client) => client.connect()))
  const database = await createConnection(url)
  try {
    // Nodes that have just met still look at each other more often.
    await delay(15_000)
    const quiet = await during(database, () => delay(idleMs))
    const perSecond = each(quiet.counts, (value) => value / quiet.seconds)
    idle[label] = {
      ...each(perSecond, (value) => round(value / nodes)),
      connections: await status(database, 'Threads_connected'),
    }
    const loaded = await during(database, () => send(cluster))
    const extra = each(loaded.counts, (value, name) => value - perSecond[name] * loaded.seconds)
    busy[label] = {
      perSecond: Math.round(count / loaded.seconds),
      ...each(extra, (value) => round(value / count)),
      tableBytes: await bytesOfTables(database),
    }
  } finally {
    await database.end()
    for (const client of clients) client.close()
    await cluster.close()
    await setUp.stop()
  }
}

/** Sends to the users in turn, at all nodes, with a fixed number of calls at once. */
async function send({ nodes, users }: Cluster): Promise<void> {
  let next = 0
  const caller = async () => {
    while (next < count) {
      const turn = next
      next += 1
      const body = {
        user_id: users[turn % users.length]?.id,
        notification_type: 'info',
        title: `Notification ${turn}`,
        message: 'A message of about one hundred characters, which is what applications send to people, more or less.',
      }
      const answer = await nodes[turn % nodes.length]?.admin('/notifications', body)
      if (!answer?.ok) throw new Error(`${answer?.status}: ${await answer?.text()}`)
      await answer.arrayBuffer()
    }
  }
  await Promise.all(Array.from({ length: atOnce }, caller))
}

async function during(
  database: Connection,
  work: () => Promise<unknown>,
): Promise<{ counts: Counts; seconds: number }> {
  const before = await readCounts(database)
  const start = performance.now()
  await work()
  const seconds = (performance.now() - start) / 1_000
  const after = await readCounts(database)
  return { counts: each(after, (value, name) => value - before[name]), seconds }
}

async function readCounts(database: Connection): Promise<Counts> {
  const all = await globalStatus(database)
  return each(counters, (variable) => all.get(variable) ?? Number.NaN)
}

async function status(database: Connection, variable: string): Promise<number> {
  return (await globalStatus(database)).get(variable) ?? Number.NaN
}

async function globalStatus(database: Connection): Promise<Map<string, number>> {
  const [rows] = await database.query('show global status')
  return new Map(
    (rows as { Variable_name: string; Value: string }[]).map(({ Variable_name: name, Value }) => [name, Number(Value)]),
  )
}

/** Returns the bytes that a notification takes in the tables and their indexes. */
async function bytesOfTables(database: Connection): Promise<number> {
  await database.query('analyze table focus_notifications')
  const [rows] = await database.query(
    "select avg_row_length + index_length / greatest(table_rows, 1) as bytes from information_schema.tables where table_schema = database() and table_name = 'focus_notifications'",
  )
  return Math.round(Number((rows as { bytes: string }[])[0]?.bytes))
}

function each<Value>(of: Record<keyof Counts, Value>, compute: (value: Value, name: keyof Counts) => number): Counts {
  const entries = (Object.keys(counters) as (keyof Counts)[]).map((name) => [name, compute(of[name], name)])
  return Object.fromEntries(entries) as Counts
}
