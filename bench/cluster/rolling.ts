import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Cluster } from '@focus-api/test-kit/cluster/cluster'
import { CountingClient } from '@focus-api/test-kit/cluster/counting-client'
import { DeliveryCheck } from '@focus-api/test-kit/cluster/delivery-check'
import { type SetUpName, setUpNames, startSetUp } from '@focus-api/test-kit/cluster/set-ups'
import { Traffic } from '@focus-api/test-kit/cluster/traffic'
import { median, round } from '../statistics.ts'

/**
 * Restarts three nodes one by one, each as a deployment does, while clients on them count. No notification may be lost, and a client is
 * away for 2 s at the median.
 *
 *     npm --prefix bench run rolling -- [--setup all|mariadb,…] [--clients 3000] [--drain 5000]
 */
const { values } = parseArgs({
  options: {
    setup: { type: 'string', default: 'all' },
    clients: { type: 'string', default: '3000' },
    drain: { type: 'string', default: '5000' },
  },
})
const clientCount = Number(values.clients)
const usersCount = Math.min(300, clientCount)
/** As `@focus-api/client` waits before its first reconnection. */
const jitterMs = 1_000
const names = values.setup === 'all' ? setUpNames : setUpNames.filter((name) => values.setup.split(',').includes(name))
const rows: Record<string, Record<string, number>> = {}
for (const name of names) rows[name] = await roll(name)
console.table(rows)
const isGood = Object.values(rows).every(
  ({ lost, holes, duplicated, outOfOrder, unrecovered, awayMedianMs }) =>
    [lost, holes, duplicated, outOfOrder, unrecovered].every((each) => each === 0) && Number(awayMedianMs) <= 2_000,
)
console.log(isGood ? 'passed' : 'FAILED')
process.exitCode = isGood ? 0 : 1

async function roll(name: SetUpName): Promise<Record<string, number>> {
  const setUp = await startSetUp(name)
  const cluster = await Cluster.start({
    databaseUrl: setUp.database.url,
    redisUrl: setUp.redis?.url ?? null,
    users: usersCount,
    drainMs: Number(values.drain),
    isProxied: false,
    // The machine is busy while clients reconnect.
    options: { websocket: { heartbeatIntervalSeconds: 10 } },
  })
  const clients = Array.from({ length: clientCount }, (_, index) => {
    const user = cluster.users[index % usersCount]
    if (!user) throw new Error('There is a user for each client.')
    return { user, client: new CountingClient({ token: user.token, urls: cluster.urls, jitterMs, silenceMs: 30_000 }) }
  })
  const left = clients.entries()
  const connecting = async () => {
    for (const [index, { client }] of left) await client.connect(cluster.urls[index % cluster.urls.length])
  }
  await Promise.all(Array.from({ length: 50 }, connecting))
  const traffic = new Traffic({ nodes: cluster.nodes, users: cluster.users, random: Math.random, pauseMs: 100 })
  const check = new DeliveryCheck(clients, traffic.accepted)
  traffic.start()
  await traffic.progress(50)
  for (const node of cluster.nodes) {
    await node.leave()
    await node.start()
    await allConnected(clients.map(({ client }) => client))
  }
  await traffic.stop()
  await check.allDelivered(60_000)
  const { accepted, ...counts } = check.report()
  const absences = clients.flatMap(({ client }) => client.absences).sort((a, b) => a - b)
  const returns = clients.flatMap(({ client }) => client.returns)
  for (const { client } of clients) client.close()
  await cluster.close()
  await setUp.stop()
  return {
    accepted,
    ...counts,
    awayMedianMs: round(median(absences)),
    awayP99Ms: round(absences[Math.floor(absences.length * 0.99)] ?? Number.NaN),
    busiestSecond: busiestSecond(returns),
  }
}

/** A node that starts has no clients: they stay where they went, and come back when the next node leaves. */
async function allConnected(clients: readonly CountingClient[]): Promise<void> {
  const deadline = performance.now() + 60_000
  while (clients.some((client) => !client.isConnected)) {
    if (performance.now() > deadline) throw new Error('Some clients did not reconnect within a minute.')
    await delay(50)
  }
}

/** Returns the largest number of reconnections within one second. */
function busiestSecond(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b)
  let first = 0
  let most = 0
  for (const [index, time] of sorted.entries()) {
    while (time - (sorted[first] ?? 0) > 1_000) first += 1
    most = Math.max(most, index - first + 1)
  }
  return most
}
