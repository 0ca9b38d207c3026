import { startSetUp } from '@focus-api/test-kit/cluster/set-ups'
import { ClusterArena } from '../cluster/arena.ts'
import type { ContestantName } from '../cluster/protocol.ts'
import { measurementOf } from '../report/measurement.ts'
import type { Scenario } from './scenario.ts'

const users = 300
/** Notifications in flight. */
const window = 1_500

const contestants = ['focus', 'socket.io', 'focus hub'] as const satisfies readonly ContestantName[]

/** `focus hub` sends events that are already committed: the part of the work that Socket.IO does too. */
export const cluster: Scenario = {
  about: "durable notifyUser to sockets of another node through Redis, against socket.io's adapter",
  async run({ slices, seconds, scale, isQuick }) {
    // About as long as the slices of the other benchmarks.
    const count = Math.ceil((7_000 * seconds) / scale)
    const connected = Math.ceil(users / scale)
    const everyone = Array.from({ length: connected }, (_, user) => user)
    const setUp = await startSetUp('mariadb+redis')
    const arenas = new Map<string, ClusterArena>()
    const results = new Map<string, { perSecond: number; cpuMicroseconds: number }[]>()
    try {
      const urls = { databaseUrl: String(setUp.database.url), redisUrl: setUp.redis?.url ?? null }
      for (const contestant of contestants) {
        const arena = await ClusterArena.open({ contestant, ...urls }, 2)
        arenas.set(contestant, arena)
        results.set(contestant, [])
        await arena.connect(connected, () => 1)
        await arena.flood([0], everyone, Math.ceil(count / 2), window) // warm-up
      }
      for (let slice = 0; slice < slices; slice += 1) {
        for (const [contestant, arena] of arenas) {
          const before = await cpuSecondsOf(arena)
          const perSecond = await arena.flood([0], everyone, count, window)
          const cpuMicroseconds = (((await cpuSecondsOf(arena)) - before) * 1e6) / count
          results.get(contestant)?.push({ perSecond, cpuMicroseconds })
        }
      }
    } finally {
      await Promise.all([...arenas.values()].map((arena) => arena.close()))
      await setUp.stop()
    }
    return [
      measurementOf(
        {
          name: 'cluster',
          variant: '',
          title:
            'notifications to sockets of another node through Redis; CPU of both nodes; focus stores in MariaDB, the others store nothing',
          unit: 'notifications/s',
          isQuick,
          targets: [
            { of: 'focus', to: 'socket.io', kind: 'at least', bound: 1 },
            { of: 'focus hub', to: 'socket.io', kind: 'at least', bound: 3 },
          ],
        },
        results,
      ),
    ]
  },
}

async function cpuSecondsOf(arena: ClusterArena): Promise<number> {
  const usages = await Promise.all(arena.nodes.map((_, node) => arena.usage(node)))
  return usages.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)
}
