import { parseArgs } from 'node:util'
import type { Contestant } from './contestant.ts'
import { signInContestants } from './sign-ins.ts'
import { verifyContestants } from './verify.ts'
import { median } from '../statistics.ts'

/**
 * Compares operations of the sign-in with the libraries below them, in interleaved slices of one run, in one process. Figures
 * are medians; only their ratio is significant. `run http auth` measures protected routes.
 *
 *     npm --prefix bench run auth -- [verify sign-ins] [--slices 7]
 */
const comparisons: Readonly<Record<string, () => Promise<readonly Contestant[]>>> = {
  verify: verifyContestants,
  'sign-ins': signInContestants,
}
const sliceMs = 500
/** Number of simultaneous operations. */
const callers = 8

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { slices: { type: 'string', default: '7' } },
})
for (const name of positionals.length > 0 ? positionals : Object.keys(comparisons)) {
  const open = comparisons[name]
  if (!open) throw new Error(`Unknown comparison ${name}. Known: ${Object.keys(comparisons).join(', ')}.`)
  await compare(name, await open(), Number(values.slices))
}

interface Figures {
  readonly perSecond: number
  readonly cpuMicroseconds: number
}

async function compare(title: string, contestants: readonly Contestant[], slices: number): Promise<void> {
  const results = new Map<Contestant, Figures[]>(contestants.map((contestant) => [contestant, []]))
  for (const contestant of contestants) await slice(contestant)
  for (let round = 0; round < slices; round += 1) {
    for (const contestant of contestants) results.get(contestant)?.push(await slice(contestant))
  }
  for (const contestant of contestants.toReversed()) await contestant.close()
  const medians = [...results].map(([{ name }, figures]) => ({
    name,
    perSecond: median(figures.map(({ perSecond }) => perSecond)),
    cpu: median(figures.map(({ cpuMicroseconds }) => cpuMicroseconds)),
  }))
  const [baseline] = medians
  console.log(`\n${title}`)
  console.table(
    medians.map(({ name, perSecond, cpu }) => ({
      name,
      'per second': Math.round(perSecond),
      'per second ×': round(perSecond / (baseline?.perSecond ?? 1)),
      'CPU µs each': round(cpu),
      'per CPU s ×': round((baseline?.cpu ?? 1) / cpu),
    })),
  )
}

async function slice(contestant: Contestant): Promise<Figures> {
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  let count = 0
  const caller = async () => {
    while (performance.now() - startedAt < sliceMs) {
      await contestant.run()
      count += 1
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  const { user, system } = process.cpuUsage(cpuBefore)
  return { perSecond: count / ((performance.now() - startedAt) / 1_000), cpuMicroseconds: (user + system) / count }
}

function round(number: number): number {
  return Number(number.toPrecision(3))
}
