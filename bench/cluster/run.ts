import { parseArgs } from 'node:util'
import { type SetUpName, setUpNames, startSetUp } from '@focus-api/test-kit/cluster/set-ups'
import { median, round } from '../statistics.ts'
import { ClusterArena } from './arena.ts'
import type { ContestantName } from './protocol.ts'

/**
 * Notifications between nodes, each in a process of its own: sent at A, received by sockets at B.
 *
 *     npm --prefix bench run cluster -- [--setup all|mariadb,…] [--parts latency,throughput,nodes] [--users 300] [--slices 5]
 *
 * - latency: from the call of `notifyUser` at A, commit included, to the client at B.
 * - throughput: durable `notifyUser` at A to sockets at B, against Socket.IO with its Redis adapter, which stores nothing, in the same
 *   run, in interleaved slices; and the messages that the other nodes, one of them without users, received for each notification.
 * - nodes: 1, 2 and 4 nodes that all send to all users at once, and the time of the processors that one notification costs.
 */
const { values } = parseArgs({
  options: {
    setup: { type: 'string', default: 'all' },
    parts: { type: 'string', default: 'latency,throughput,nodes' },
    users: { type: 'string', default: '300' },
    slices: { type: 'string', default: '5' },
    count: { type: 'string', default: '20000' },
  },
})
const users = Number(values.users)
const slices = Number(values.slices)
const count = Number(values.count)
/** Notifications in flight; the queue of the database accepts 2,000 calls. */
const window = 1_500
const everyone = Array.from({ length: users }, (_, user) => user)
const parts = values.parts.split(',')
const names = values.setup === 'all' ? setUpNames : setUpNames.filter((name) => values.setup.split(',').includes(name))

if (parts.includes('latency')) console.table(await eachSetUp(latencyOn))
if (parts.includes('throughput')) console.table(await eachSetUp(throughputOn))
if (parts.includes('nodes')) console.table(await eachSetUp(nodesOn))

type Row = Readonly<Record<string, number>>

interface Urls {
  readonly databaseUrl: string
  readonly redisUrl: string | null
}

async function eachSetUp(
  measure: (urls: Urls, label: (name: string) => string) => Promise<Record<string, Row>>,
): Promise<Record<string, Row>> {
  const rows: Record<string, Row> = {}
  for (const name of names) Object.assign(rows, await onSetUp(name, measure))
  return rows
}

async function onSetUp(
  name: SetUpName,
  measure: (urls: Urls, label: (name: string) => string) => Promise<Record<string, Row>>,
): Promise<Record<string, Row>> {
  const setUp = await startSetUp(name)
  try {
    const redisUrl = setUp.redis?.url ?? null
    return await measure({ databaseUrl: String(setUp.database.url), redisUrl }, (what) => `${name}: ${what}`)
  } finally {
    await setUp.stop()
  }
}

async function latencyOn(urls: Urls, label: (name: string) => string): Promise<Record<string, Row>> {
  const arena = await ClusterArena.open({ contestant: 'focus', ...urls }, 2)
  await arena.connect(users, () => 1)
  await arena.latencies(everyone, 50, 5)
  const sorted = [...(await arena.latencies(everyone, 2_000, 5))].sort((a, b) => a - b)
  await arena.close()
  const at = (part: number) => round(sorted[Math.floor(sorted.length * part)] ?? Number.NaN)
  return {
    [label('A to B, ms')]: { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: round(sorted.at(-1) ?? Number.NaN) },
  }
}

async function throughputOn(urls: Urls, label: (name: string) => string): Promise<Record<string, Row>> {
  const contestants: ContestantName[] = urls.redisUrl === null ? ['focus'] : ['focus', 'focus hub', 'socket.io']
  const arenas = new Map<ContestantName, ClusterArena>()
  for (const contestant of contestants) {
    // The third node of the hub has no users and must get no messages.
    const arena = await ClusterArena.open({ contestant, ...urls }, contestant === 'focus hub' ? 3 : 2)
    await arena.connect(users, () => 1)
    await arena.flood([0], everyone, 10_000, window)
    arenas.set(contestant, arena)
  }
  const perSecond = new Map<ContestantName, number[]>(contestants.map((contestant) => [contestant, []]))
  const receivedAtNodes = async () => {
    const arena = arenas.get('focus hub')
    return arena ? sum(await Promise.all([1, 2].map(async (node) => (await arena.usage(node)).received))) : 0
  }
  const before = await receivedAtNodes()
  const cpuOf = async (arena: ClusterArena) =>
    sum(await Promise.all([0, 1].map(async (node) => (await arena.usage(node)).cpuSeconds)))
  const cpuSeconds = new Map<ContestantName, number>()
  for (let slice = 0; slice < slices; slice += 1) {
    for (const [contestant, arena] of arenas) {
      const cpuBefore = await cpuOf(arena)
      perSecond.get(contestant)?.push(await arena.flood([0], everyone, count, window))
      cpuSeconds.set(contestant, (cpuSeconds.get(contestant) ?? 0) + (await cpuOf(arena)) - cpuBefore)
    }
  }
  const received = (await receivedAtNodes()) - before
  await Promise.all([...arenas.values()].map((arena) => arena.close()))
  const rates = new Map([...perSecond].map(([contestant, each]) => [contestant, median(each)]))
  const peer = rates.get('socket.io')
  const rows: Record<string, Row> = {}
  for (const [contestant, rate] of rates) {
    rows[label(contestant)] = {
      perSecond: Math.round(rate),
      ...(peer !== undefined && { timesSocketIo: round(rate / peer) }),
      nodeMicroseconds: round(((cpuSeconds.get(contestant) ?? 0) * 1e6) / (count * slices)),
      ...(contestant === 'focus hub' && { atNodesPerNotification: round(received / (count * slices)) }),
    }
  }
  return rows
}

async function nodesOn(urls: Urls, label: (name: string) => string): Promise<Record<string, Row>> {
  const rows: Record<string, Row> = {}
  for (const nodes of [1, 2, 4]) {
    const arena = await ClusterArena.open({ contestant: 'focus', ...urls }, nodes)
    await arena.connect(users, (user) => user % nodes)
    const senders = Array.from({ length: nodes }, (_, node) => node)
    await arena.flood(senders, everyone, 2_000, window)
    const cpu = async () => sum(await Promise.all(senders.map(async (node) => (await arena.usage(node)).cpuSeconds)))
    const before = await cpu()
    const rates: number[] = []
    for (let slice = 0; slice < slices; slice += 1)
      rates.push(await arena.flood(senders, everyone, count, Math.ceil(window / nodes)))
    const seconds = (await cpu()) - before
    await arena.close()
    rows[label(`${nodes} nodes`)] = {
      perSecond: Math.round(median(rates)),
      nodeMicroseconds: round((seconds * 1e6) / (count * slices)),
    }
  }
  return rows
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
