import { setTimeout as delay } from 'node:timers/promises'
import { Arena } from '../harness/arena.ts'
import { costsOf } from '../report/measurement.ts'
import type { Scenario } from './scenario.ts'

const contestants = ['focus', 'socket.io', 'ws'] as const

/** A slice is so many times longer than those of other benchmarks, so that heartbeats and pings fall into each. */
const lengthening = 10

export const idle: Scenario = {
  about: 'processor time of 10,000 idle connections: heartbeats, pings, deadlines and healing',
  async run({ slices, seconds, scale, isQuick }) {
    const connections = Math.ceil(10_000 / scale)
    const arenas: Arena[] = []
    const shares = new Map<string, number[]>(contestants.map((name) => [name, []]))
    try {
      for (const name of contestants) {
        const arena = await Arena.open(name)
        arenas.push(arena)
        await arena.connect(await arena.tokens(connections))
        await arena.memory() // lets everything settle
      }
      for (let slice = 0; slice < slices; slice += 1) {
        // Idle servers do not disturb each other, so that all are measured at once.
        const before = await Promise.all(arenas.map((arena) => arena.cpuSeconds()))
        const started = performance.now()
        await delay(seconds * lengthening * 1_000)
        const elapsed = (performance.now() - started) / 1_000
        for (const [index, arena] of arenas.entries()) {
          shares.get(arena.name)?.push((((await arena.cpuSeconds()) - (before[index] ?? 0)) / elapsed) * 100)
        }
      }
    } finally {
      await Promise.all(arenas.map((arena) => arena.close()))
    }
    const title = '10,000 idle connections; only Focus sends heartbeats that clients can read, ws sends nothing'
    return [costsOf({ name: 'idle', variant: '', title, unit: '% of a core', isQuick }, shares)]
  },
}
