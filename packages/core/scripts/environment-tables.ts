import { optionTables } from '../src/options/schema.ts'
import { duration } from '../src/schema/option-forms.ts'
import type { LimitsDefinition, OptionDefinition, OptionTable } from '../src/schema/option-table.ts'

type Definition = OptionDefinition | LimitsDefinition
type Room = keyof typeof optionTables

/**
 * Returns `docs/environment.md` with the tables that the options of the source describe. Each table stands between
 * `<!-- variables: auth -->`, which names rooms, or `<!-- options -->`, and `<!-- end -->`.
 */
export function withOptionTables(page: string): string {
  return page.replaceAll(
    /(<!-- (variables|options)(?:: ([\w ]+))? -->\n)[^]*?(<!-- end -->)/g,
    (_, start: string, kind: string, rooms: string | undefined, end: string) => {
      const table = kind === 'options' ? codeTable() : variableTable((rooms ?? '').split(' ') as Room[])
      return `${start}\n${table}\n\n${end}`
    },
  )
}

/** The options of some rooms that the environment can set. */
function variableTable(rooms: readonly Room[]): string {
  const definitions = rooms
    .flatMap((room) => definitionsOf(optionTables[room]))
    .filter((definition) => 'form' in definition && definition.env !== undefined)
  const inCode = definitions.some(({ path }) => path !== undefined)
  const rows = definitions.flatMap((definition) => {
    const [name = '', ...others] = 'form' in definition ? (definition.env ?? []) : []
    const path = definition.path === undefined ? '–' : `\`${definition.path}\``
    const cells = inCode ? [path, defaultOf(definition), describe(definition)] : [describe(definition)]
    return [[`\`${name}\``, ...cells], ...others.map((other) => [`\`${other}\``, `another name of \`${name}\``])]
  })
  return aligned([['variable', ...(inCode ? ['in code', 'default'] : []), 'what it is'], ...rows])
}

/** The options of all rooms that only code can set. */
function codeTable(): string {
  const rows = Object.values<OptionTable>(optionTables)
    .flatMap(definitionsOf)
    .filter((definition) => !('form' in definition && definition.env !== undefined))
    .map((definition) => [`\`${definition.path ?? ''}\``, defaultOf(definition), describe(definition)])
  return aligned([['option', 'default', 'what it is'], ...rows])
}

function definitionsOf(table: OptionTable): Definition[] {
  return Object.values(table)
}

function describe(definition: Definition): string {
  const short = 'form' in definition ? definition.form.short : undefined
  return short === undefined ? definition.about : `${definition.about} (${short})`
}

function defaultOf(definition: Definition): string {
  if (definition.defaultText !== undefined) return definition.defaultText
  const value = 'form' in definition ? definition.default : null
  if (value === null || typeof value === 'object') return '–'
  if (typeof value !== 'number') return `\`${value}\``
  return 'form' in definition && definition.form === duration ? `\`${durationText(value)}\`` : String(value)
}

/** A duration as code would write it, in the largest unit that has no fraction. */
function durationText(ms: number): string {
  const [unit, size] = units.find(([, size]) => ms % size === 0) ?? ['ms', 1]
  return `${ms / size}${unit}`
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** A Markdown table with columns of equal width, as the formatter of this repository writes it. */
function aligned([head = [], ...rows]: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)))
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n')
}
