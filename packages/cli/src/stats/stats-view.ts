import { plainText } from '../terminal/plain-text.ts'
import type { StatsDocument } from './read-stats.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { sparkline } from './sparkline.ts'

const MAX_HISTORY = 600

/** A row: its label, how to read its value, and how to format it. */
interface Row {
  readonly name: string
  readonly read: (stats: StatsDocument) => number | null
  readonly write: (value: number) => string
}

const rows: readonly Row[] = [
  { name: 'people', read: (stats) => stats.active_users, write: String },
  { name: 'connections', read: (stats) => stats.active_connections, write: String },
  { name: 'deliveries/s', read: (stats) => stats.rates?.deliveries ?? null, write: oneDigit },
  { name: 'actions/s', read: (stats) => stats.rates?.actions ?? null, write: oneDigit },
  { name: 'outbox', read: (stats) => stats.outbox?.waiting ?? null, write: String },
  { name: 'latency p50', read: (stats) => stats.latency_ms?.p50 ?? null, write: milliseconds },
  { name: 'latency p99', read: (stats) => stats.latency_ms?.p99 ?? null, write: milliseconds },
]

/** The screen of `focus stats --watch`: each figure with its history as a small plot. */
export class StatsView {
  readonly #history: StatsDocument[] = []

  add(stats: StatsDocument): void {
    this.#history.push(stats)
    if (this.#history.length > MAX_HISTORY) this.#history.shift()
  }

  /** @param note for example why the last answer is missing */
  render(terminal: Terminal, base: string, note: string): string {
    const latest = this.#history.at(-1)
    const width = Math.max(10, Math.min(terminal.columns - 32, MAX_HISTORY))
    const lines = rows.map(({ name, read, write }) => {
      const values = this.#history.map(read)
      const value = latest === undefined ? null : read(latest)
      return `  ${name.padEnd(14)}${(value === null ? '–' : plainText(write(value))).padStart(10)}  ${terminal.style('cyan', sparkline(values, width))}`
    })
    const nodes = latest?.nodes === undefined ? '' : `  ${latest.nodes === 1 ? '1 node' : `${latest.nodes} nodes`}`
    return [
      `${terminal.style('bold', 'Focus')}  ${base}${plainText(nodes)}`,
      '',
      ...lines,
      '',
      note === '' ? terminal.style('dim', 'q or Ctrl-C ends') : terminal.style('yellow', plainText(note)),
    ].join('\n')
  }
}

function oneDigit(value: number): string {
  return value.toFixed(1)
}

function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`
}
