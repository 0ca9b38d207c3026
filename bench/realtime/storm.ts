import { Arena } from './arena.ts'
import { median, round } from '../statistics.ts'

/**
 * Contestants: the hub with its tokens, the complete product with heads from its database, and the peer. `ws` verifies no
 * token and sends no greeting, so it shows the cost of a bare connection.
 */
const names = ['focus, EdDSA', 'focus, on SQLite', 'socket.io, jsonwebtoken', 'ws'] as const

interface Storm {
  readonly perSecond: number
  readonly cpuMicroseconds: number
}

/** Connections per second, token verification and greeting included: first with new tokens, then with the same ones. */
export async function measureStorm(connections: number, slices: number): Promise<void> {
  const arenas = new Map<string, Arena>()
  const results = new Map<string, Storm[]>()
  const note = (name: string, storm: Storm) => results.set(name, [...(results.get(name) ?? []), storm])
  try {
    for (const name of names) {
      const arena = await Arena.open(name)
      arenas.set(name, arena)
      for (let round = 0; round < 2; round += 1) await arena.storm(await arena.tokens(connections)) // warm-up
    }
    for (let slice = 0; slice < slices; slice += 1) {
      for (const [name, arena] of arenas) {
        const tokens = await arena.tokens(connections)
        if (name === 'ws') {
          note('ws, no token', await arena.storm(tokens))
          continue
        }
        note(`${name}, first sight`, await arena.storm(tokens))
        note(`${name}, known`, await arena.storm(tokens))
      }
    }
  } finally {
    for (const arena of arenas.values()) arena.close()
  }
  console.log(`\nstorm of ${connections} connections`)
  const medians = [...results].map(([server, storms]) => ({
    server,
    perSecond: median(storms.map(({ perSecond }) => perSecond)),
    cpu: median(storms.map(({ cpuMicroseconds }) => cpuMicroseconds)),
  }))
  const peer = medians.find(({ server }) => server === 'socket.io, jsonwebtoken, first sight')
  console.table(
    medians.map(({ server, perSecond, cpu }) => ({
      server,
      'connections/s': Math.round(perSecond),
      'CPU µs each': Math.round(cpu),
      '× socket.io, connections/s': round(perSecond / (peer?.perSecond ?? Number.NaN)),
      '× socket.io, per CPU second': round((peer?.cpu ?? Number.NaN) / cpu),
    })),
  )
}
