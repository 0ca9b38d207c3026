import { parseArgs } from 'node:util'
import type { RunOptions, Scenario } from './whole/scenario.ts'

/** A wrong command line; the message explains it. */
export class UsageError extends Error {}

export interface Command extends RunOptions {
  readonly isHelp: boolean
  readonly names: readonly string[]
  /** Folder of the page and its plots; null where nothing is written. */
  readonly folder: string | null
}

const databaseNames = ['sqlite', 'mariadb', 'postgres']

/**
 * Reads the command line of the benchmarks.
 *
 * @param docs folder of the documentation, which a complete run writes into
 * @throws UsageError on an unknown name, an unknown option or a wrong value
 */
export function parseCommand(
  args: readonly string[],
  scenarios: Readonly<Record<string, Scenario>>,
  docs: string,
): Command {
  const { values, positionals } = parsed(args)
  const known = Object.keys(scenarios)
  for (const name of positionals) {
    if (!known.includes(name)) throw new UsageError(`There is no benchmark "${name}". Benchmarks: ${known.join(', ')}.`)
  }
  const isQuick = values.quick === true
  const databases = list(values.databases, databaseNames, '--databases')
  const cores = list(values.cores, ['1', '2'], '--cores').map((count): 1 | 2 => (count === '1' ? 1 : 2))
  const isComplete = positionals.length === 0 && values.databases === undefined && values.cores === undefined
  return {
    isHelp: values.help === true,
    names: positionals.length > 0 ? positionals : known,
    slices: positive(values.slices ?? (isQuick ? '1' : '5'), '--slices'),
    seconds: positive(values.seconds ?? (isQuick ? '0.2' : '3'), '--seconds'),
    scale: isQuick ? 25 : 1,
    isQuick,
    databases,
    cores,
    folder: values.write ?? (isComplete && !isQuick ? docs : null),
  }
}

export function usage(scenarios: Readonly<Record<string, Scenario>>): string {
  const width = Math.max(...Object.keys(scenarios).map((name) => name.length))
  return [
    'Usage: npm run bench -- [names] [options]',
    '',
    'Measures the whole product through its public interface, against its peers in the same run. Without names it runs every benchmark and',
    'writes docs/benchmarks.md: that takes about an hour, and some GB of disk in the temporary folder, because growth fills a table with',
    '10 million rows.',
    '',
    'Benchmarks:',
    ...Object.entries(scenarios).map(([name, { about }]) => `  ${name.padEnd(width)}  ${about}`),
    '',
    'Options:',
    '  --slices <n>        interleaved slices of each contestant; 5 when absent',
    '  --seconds <n>       length of a slice; 3 when absent',
    '  --quick             one short slice with few users: shows that everything works, not how fast it is',
    `  --databases <list>  of ${databaseNames.join(',')}: for benchmarks that run on several`,
    '  --cores <list>      of 1,2: cores of the server, for benchmarks that run on one and on two',
    '  --write <folder>    writes benchmarks.json, benchmarks.md and plots into this folder',
    '',
  ].join('\n')
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        slices: { type: 'string' },
        seconds: { type: 'string' },
        quick: { type: 'boolean' },
        databases: { type: 'string' },
        cores: { type: 'string' },
        write: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function positive(text: string, option: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new UsageError(`${option} must be a number above 0, not "${text}".`)
  return value
}

function list(text: string | undefined, accepted: readonly string[], option: string): string[] {
  const items = text?.split(',') ?? [...accepted]
  const wrong = items.find((item) => !accepted.includes(item))
  if (wrong !== undefined) throw new UsageError(`${option} accepts ${accepted.join(', ')}, not "${wrong}".`)
  return items
}
