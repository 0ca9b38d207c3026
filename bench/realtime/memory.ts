import { Arena } from './arena.ts'
import { round } from '../statistics.ts'

const names = ['focus', 'socket.io', 'ws', 'raw net'] as const

/** Resident memory of the server per idle connection. Each connection belongs to another user. */
export async function measureMemory(connections: number): Promise<void> {
  const users = Array.from({ length: connections }, (_, index) => index + 1)
  const perConnection = new Map<string, number>()
  for (const name of names) {
    const arena = await Arena.open(name)
    try {
      // A first run compiles the code and creates its permanent objects before the first measurement.
      await arena.connect(users.slice(0, 200))
      const before = await arena.memory()
      await arena.connect(users.slice(200))
      perConnection.set(name, ((await arena.memory()) - before) / (connections - 200))
    } finally {
      arena.close()
    }
  }
  const ours = perConnection.get('focus') ?? Number.NaN
  console.log(`\nmemory, ${connections} idle connections`)
  console.table(
    [...perConnection].map(([server, bytes]) => ({
      server,
      'KiB per connection': round(bytes / 1_024),
      'focus ×': round(ours / bytes),
    })),
  )
}

/** Processor time of idle connections: heartbeats, pings, deadlines and healing, kernel writes included. */
export async function measureIdle(connections: number): Promise<void> {
  const users = Array.from({ length: connections }, (_, index) => index + 1)
  const arena = await Arena.open('focus')
  try {
    await arena.connect(users)
    await arena.memory() // lets everything settle
    const before = await arena.cpuSeconds()
    const started = performance.now()
    await new Promise((resolve) => setTimeout(resolve, 60_000))
    const share = ((await arena.cpuSeconds()) - before) / ((performance.now() - started) / 1_000)
    console.log(`\nidle, ${connections} connections: ${round(share * 100)} % of a core`)
  } finally {
    arena.close()
  }
}
