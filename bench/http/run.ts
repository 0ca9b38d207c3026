import { fork } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { comparisons } from './contestants/index.ts'
import { Load } from './load.ts'
import { median, round } from '../statistics.ts'

/**
 * Answers per second and processor time per answer of a protected route, compared with the same route without protection and
 * with other libraries, in interleaved slices of one run. Figures are medians; only their ratio is significant.
 *
 *     npm --prefix bench run http -- [express fastify …] [--slices 7]
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { slices: { type: 'string', default: '7' } },
})
const sliceMs = 700
const connections = 32

for (const name of positionals.length > 0 ? positionals : Object.keys(comparisons)) {
  const names = comparisons[name]
  if (!names) throw new Error(`Unknown comparison ${name}. Known: ${Object.keys(comparisons).join(', ')}.`)
  await compare(name, names, Number(values.slices))
}

interface Figures {
  readonly perSecond: number
  readonly cpuMicroseconds: number
}

async function compare(title: string, names: readonly string[], slices: number): Promise<void> {
  const arenas = await Promise.all(names.map(openArena))
  const results = new Map<string, Figures[]>(names.map((name) => [name, []]))
  for (const arena of arenas) await arena.slice()
  for (let slice = 0; slice < slices; slice += 1) {
    for (const arena of arenas) results.get(arena.name)?.push(await arena.slice())
  }
  for (const arena of arenas) arena.close()
  const medians = [...results].map(([name, figures]) => ({
    name,
    perSecond: median(figures.map(({ perSecond }) => perSecond)),
    cpu: median(figures.map(({ cpuMicroseconds }) => cpuMicroseconds)),
  }))
  const [baseline] = medians
  console.log(`\n${title}`)
  console.table(
    medians.map(({ name, perSecond, cpu }) => ({
      server: name,
      'answers/s': Math.round(perSecond),
      'answers ×': round(perSecond / (baseline?.perSecond ?? 1)),
      'CPU µs each': round(cpu),
      'per CPU s ×': round((baseline?.cpu ?? 1) / cpu),
    })),
  )
}

async function openArena(name: string) {
  const child = fork(new URL('./server-process.ts', import.meta.url), [name])
  const ask = async () => ((await once(child, 'message')) as [{ cpuMicroseconds: number }])[0].cpuMicroseconds
  const [{ port, headers, path }] = (await once(child, 'message')) as [
    { port: number; headers: Record<string, string>; path: string },
  ]
  const load = new Load(path, headers)
  await load.open(port, connections)
  return {
    name,
    async slice(): Promise<Figures> {
      child.send('cpu')
      const before = await ask()
      const { answers, seconds } = await load.run(sliceMs)
      child.send('cpu')
      return { perSecond: answers / seconds, cpuMicroseconds: ((await ask()) - before) / answers }
    },
    close() {
      load.close()
      child.disconnect()
    },
  }
}
