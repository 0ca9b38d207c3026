import { Arena, type ArenaOptions, type Slice } from '../harness/arena.ts'
import { findBun } from '../harness/children.ts'
import type { ContestantName } from '../harness/contestants.ts'
import type { Load } from '../harness/protocol.ts'

export interface Contest {
  readonly contestants: readonly ContestantName[]
  /** Connections, each of another user. */
  readonly connections: number
  readonly cores: 1 | 2
  readonly slices: number
  readonly load: Load
}

export interface ContestResult {
  readonly slices: ReadonlyMap<string, readonly Slice[]>
  readonly bytesPerFrame: ReadonlyMap<string, number>
}

/** Runs one load on servers with connected clients, in interleaved slices. A first slice, not measured, warms up. */
export async function compare({ contestants, connections, cores, slices, load }: Contest): Promise<ContestResult> {
  const arenas: Arena[] = []
  const bytesPerFrame = new Map<string, number>()
  const results = new Map<string, Slice[]>()
  try {
    for (const name of contestants) {
      if (name === 'bun' && findBun() === null) {
        console.log('bun: not installed, left out')
        continue
      }
      const arena = await Arena.open(name, { cores } satisfies ArenaOptions)
      arenas.push(arena)
      await arena.connect(await arena.tokens(connections))
      await arena.load({ ...load, seconds: Math.min(load.seconds, 1) })
      bytesPerFrame.set(name, await arena.bytesPerFrame())
      results.set(name, [])
    }
    for (let slice = 0; slice < slices; slice += 1) {
      for (const arena of arenas) results.get(arena.name)?.push(await arena.load(load))
    }
  } finally {
    await Promise.all(arenas.map((arena) => arena.close()))
  }
  return { slices: results, bytesPerFrame }
}
