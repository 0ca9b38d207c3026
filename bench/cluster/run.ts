import { parseArgs } from 'node:util'
import { type SetUpName, setUpNames, startSetUp } from '@focus-api/test-kit/cluster/set-ups'
import { median, round } from '../statistics.ts'
import { ClusterArena } from './arena.ts'

/**
 * One, two and four nodes in processes of their own that all send to all users at once: notifications per second, and the processor
 * time of the nodes for each. A part of `latency` and `cluster` of `npm run bench`, which measure two nodes against their peers.
 *
 *     npm --prefix bench run cluster -- [--setup all|mariadb,…] [--users 300] [--slices 5]
 */
const { values } = parseArgs({
  options: {
    setup: { type: 'string', default: 'all' },
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
const names = values.setup === 'all' ? setUpNames : setUpNames.filter((name) => values.setup.split(',').includes(name))

const rows: Record<string, Row> = {}
for (const name of names) Object.assign(rows, await onSetUp(name))
console.table(rows)

type Row = Readonly<Record<string, number>>

interface Urls {
  readonly databaseUrl: string
  readonly redisUrl: string | null
}

async function onSetUp(name: SetUpName): Promise<Record<string, Row>> {
  const setUp = await startSetUp(name)
  try {
    return await measure(name, { databaseUrl: String(setUp.database.url), redisUrl: setUp.redis?.url ?? null })
  } finally {
    await setUp.stop()
  }
}

async function measure(name: SetUpName, urls: Urls): Promise<Record<string, Row>> {
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
    rows[`${name}: ${nodes} nodes`] = {
      perSecond: Math.round(median(rates)),
      nodeMicroseconds: round((seconds * 1e6) / (count * slices)),
    }
  }
  return rows
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
