import { Arena, type Slice } from '../harness/arena.ts'
import { measurementOf } from '../report/measurement.ts'
import type { Scenario } from './scenario.ts'

const contestants = ['focus', 'socket.io', 'socket.io, jsonwebtoken', 'ws'] as const

/** All clients connect at once, as after a restart: token verified, stream looked up, greeting sent. */
export const storm: Scenario = {
  about: '10,000 connections at once with real tokens and streams: first sight, then known tokens',
  async run({ slices, scale, isQuick }) {
    const connections = Math.ceil(10_000 / scale)
    const arenas: Arena[] = []
    const results = new Map<string, Slice[]>()
    const note = (label: string, storm: Slice) => results.set(label, [...(results.get(label) ?? []), storm])
    try {
      for (const name of contestants) {
        const arena = await Arena.open(name)
        arenas.push(arena)
        const tokens = await arena.tokens(connections)
        if (name === 'focus') await arena.streams(connections)
        await arena.storm(tokens.slice(0, Math.ceil(connections / 2))) // warm-up
      }
      for (let slice = 0; slice < slices; slice += 1) {
        for (const arena of arenas) {
          // Contestants that keep nothing about tokens have no first sight.
          const tokens = await arena.tokens(connections)
          note(arena.name === 'focus' ? 'focus, first sight' : arena.name, await arena.storm(tokens))
          if (arena.name === 'focus') note('focus, known tokens', await arena.storm(tokens))
        }
      }
    } finally {
      await Promise.all(arenas.map((arena) => arena.close()))
    }
    return [
      measurementOf(
        {
          name: 'storm',
          variant: '',
          title: '10,000 connections at once; socket.io alone and ws check no token, and only Focus looks up a stream',
          unit: 'connections/s',
          isQuick,
          targets: [
            { of: 'focus, first sight', to: 'socket.io', kind: 'at least', bound: 1.2 },
            { of: 'focus, known tokens', to: 'socket.io', kind: 'at least', bound: 3 },
          ],
        },
        results,
      ),
    ]
  },
}
