import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Cluster } from '@focus-api/test-kit/cluster/cluster'
import { CountingClient } from '@focus-api/test-kit/cluster/counting-client'
import { type SetUpName, setUpNames, startSetUp } from '@focus-api/test-kit/cluster/set-ups'
import { round } from '../statistics.ts'
import { type Counts, type CountedDatabase, each, openCounted } from './counted-database.ts'

/**
 * Cost of a cluster for its database: the figures of the cost model in docs/scaling.md. Counts what the server itself counts, with 1, 2
 * and 4 nodes, first while nothing is sent, then for notifications that all nodes send.
 *
 *     npm --prefix bench run cost -- [--setup mariadb|postgres|…+redis] [--users 300] [--count 3000] [--nodes 1,2,4] [--at-once 32]
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
const setUpName: SetUpName = setUpNames.find((name) => name === values.setup) ?? 'mariadb'

const idle: Record<string, object> = {}
const busy: Record<string, object> = {}
for (const nodes of values.nodes.split(',').map(Number)) await measure(nodes)
console.log('While nothing is sent: per node and second')
console.table(idle)
console.log('Per notification, of what comes on top of that')
console.table(busy)

async function measure(nodes: number): Promise<void> {
  const label = nodes === 1 ? '1 node' : `${nodes} nodes`
  const setUp = await startSetUp(setUpName)
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
  const database = await openCounted(url)
  try {
    // Nodes that have just met still look at each other more often.
    await delay(15_000)
    const quiet = await during(database, () => delay(idleMs))
    const perSecond = each(quiet.counts, (value) => value / quiet.seconds)
    idle[label] = {
      ...each(perSecond, (value) => round(value / nodes)),
      connections: await database.connections(),
    }
    const loaded = await during(database, () => send(cluster))
    const extra = each(loaded.counts, (value, name) => value - perSecond[name] * loaded.seconds)
    busy[label] = {
      perSecond: Math.round(count / loaded.seconds),
      ...each(extra, (value) => round(value / count)),
      tableBytes: await database.bytesOfNotification(),
    }
  } finally {
    await database.close()
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
  database: CountedDatabase,
  work: () => Promise<unknown>,
): Promise<{ counts: Counts; seconds: number }> {
  const before = await database.read()
  const start = performance.now()
  await work()
  const seconds = (performance.now() - start) / 1_000
  const after = await database.read()
  return { counts: each(after, (value, name) => value - before[name]), seconds }
}
