import type { Phase } from './probe-process.ts'
import type { TargetName } from './scene.ts'

export interface Outcome {
  readonly attack: string
  readonly target: TargetName
  readonly before: Phase
  readonly during: Phase
  /** The phase that starts five seconds after the flood. */
  readonly after: Phase
  /** Largest memory of the server during the flood, minus its memory before, in MiB. */
  readonly grownMiB: number
  /** Whether the server still ran at the end. */
  readonly alive: boolean
  readonly sent: Readonly<Record<string, number>>
}

/** Limits that hold during and after every flood. */
const bar = { meRatio: 10, meMs: 250, signInMs: 2_000, grownMiB: 256, afterRatio: 2 } as const

/** Returns the limits that were exceeded. */
export function missed({ before, during, after, grownMiB, alive }: Outcome): string[] {
  const quiet = percentile(before.me, 0.99)
  const loaded = percentile(during.me, 0.99)
  const slowest = Math.max(0, ...during.signIns)
  const failed = Object.keys(during.failures)
  // Differences of a few milliseconds come from other load on the machine.
  const slower = (a: readonly number[], b: readonly number[]) =>
    percentile(a, 0.5) > Math.max(5, bar.afterRatio * percentile(b, 0.5))
  return [
    ...(alive ? [] : ['the server died']),
    ...(loaded > bar.meMs ? [`me p99 over ${bar.meMs} ms`] : []),
    ...(loaded > Math.max(10, bar.meRatio * quiet) ? [`me p99 over ${bar.meRatio} × quiet`] : []),
    ...(during.signIns.length === 0 || slowest > bar.signInMs ? [`sign-in over ${bar.signInMs} ms`] : []),
    ...(grownMiB > bar.grownMiB ? [`memory over ${bar.grownMiB} MiB`] : []),
    ...(slower(after.me, before.me) ? ['slower after'] : []),
    ...(slower(after.signIns, before.signIns) ? ['sign-ins slower after'] : []),
    ...(failed.length > 0 ? [`failed: ${failed.join(', ')}`] : []),
    ...(Object.keys(after.failures).length > 0 ? [`failed after: ${Object.keys(after.failures).join(', ')}`] : []),
  ]
}

export function report(outcomes: readonly Outcome[]): void {
  console.table(
    outcomes.map((outcome) => ({
      flood: outcome.attack,
      server: outcome.target,
      'me p50/p99 ms': times((phase) => phase.me, outcome),
      'sign-in p50/max': times((phase) => phase.signIns, outcome, 1),
      'delivery p50/p99': times((phase) => phase.deliveries, outcome),
      'MiB +': Math.round(outcome.grownMiB),
      holds: missed(outcome).length === 0 ? 'yes' : 'NO',
    })),
  )
  for (const outcome of outcomes) {
    const { attack, target, sent } = outcome
    const counts = Object.entries(sent).map(([what, count]) => `${what}: ${count}`)
    const misses = missed(outcome)
    console.log(
      `${attack}, ${target}: ${counts.join(', ')}${misses.length > 0 ? `; missed: ${misses.join('; ')}` : ''}`,
    )
  }
}

/** Returns the percentiles before, during and after the flood. */
function times(of: (phase: Phase) => readonly number[], { before, during, after }: Outcome, high = 0.99): string {
  return [before, during, after]
    .map((phase) => `${show(percentile(of(phase), 0.5))}/${show(percentile(of(phase), high))}`)
    .join(' → ')
}

function show(ms: number): string {
  return Number.isNaN(ms) ? '–' : ms < 10 ? ms.toFixed(1) : String(Math.round(ms))
}

function percentile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
