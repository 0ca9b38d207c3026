import type { RowStatement } from '../../dialects/batch/batch-session.ts'
import type { Flavour } from '../../dialects/servers/server.ts'

/** How one database writes statements over many rows. */
export interface StatementForms {
  readonly quote: (name: string) => string
  /** The value of a column in the row that an insert brings. */
  readonly incoming: (column: string) => string
  readonly insert: (table: string, columns: readonly string[], tail?: string) => RowStatement
  /** The end of an insert that changes the row with the same key. */
  readonly onConflict: (keys: readonly string[], assignments: readonly string[]) => string
  /** `verb` for the rows whose `keys` are among those of a list. */
  readonly among: (verb: string, keys: readonly string[], tail?: string) => RowStatement
}

export function statementForms(flavour: Flavour): StatementForms {
  if (flavour === 'postgres') return arrays
  return flavour === 'sqlite' ? sqlite : mysql
}

/** One parenthesis for each row. */
function valueLists(quote: (name: string) => string): Pick<StatementForms, 'quote' | 'insert'> {
  return {
    quote,
    insert: (table, columns, tail = '') => ({
      head: `insert into ${table} (${columns.map(quote).join(', ')}) values`,
      columns: columns.length,
      tail,
    }),
  }
}

const doubleQuoted = (name: string) => `"${name}"`
const excluded = (column: string) => `excluded.${doubleQuoted(column)}`
const onConflict: StatementForms['onConflict'] = (keys, assignments) =>
  `on conflict (${keys.map(doubleQuoted).join(', ')}) do update set ${assignments.join(', ')}`

const sqlite: StatementForms = {
  ...valueLists(doubleQuoted),
  incoming: excluded,
  onConflict,
  among: (verb, keys, tail = '') => ({
    head: `${verb} where (${keys.join(', ')}) in (values`,
    columns: keys.length,
    tail: `)${tail}`,
  }),
}

const backQuoted = (name: string) => `\`${name}\``

const mysql: StatementForms = {
  ...valueLists(backQuoted),
  incoming: (column) => `values(${backQuoted(column)})`,
  onConflict: (_, assignments) => `on duplicate key update ${assignments.join(', ')}`,
  among: (verb, keys, tail = '') => ({
    head: `${verb} where (${keys.join(', ')}) in (`,
    columns: keys.length,
    tail: `)${tail}`,
  }),
}

/**
 * One array for each column: the text is the same for any number of rows, and there is no limit of parameters. `unnest`
 * returns rows in the order of the arrays, so that an insert locks existing rows in that order.
 */
const arrays: StatementForms = {
  quote: doubleQuoted,
  incoming: excluded,
  onConflict,
  insert: (table, columns, tail = '') => ({
    text: `insert into ${table} (${columns.map(doubleQuoted).join(', ')}) select * from ${unnest(columns, table)} ${tail}`,
    // Only inserts: a newer version that adds a column changes what a prepared `select *` returns, which fails from then on.
    name: `focus: insert into ${table}`,
    columns: columns.length,
  }),
  among: (verb, keys, tail = '') => ({
    text: `${verb} where (${keys.join(', ')}) in (select * from ${unnest(keys)})${tail}`,
    columns: keys.length,
  }),
}

function unnest(columns: readonly string[], table = ''): string {
  const parameters = columns.map((column, index) => `$${index + 1}::${isNumber(column, table) ? 'bigint' : 'text'}[]`)
  return `unnest(${parameters.join(', ')})`
}

const numberColumns = new Set(['offset', 'count', 'head', 'unread', 'room', 'node', 'seq', 'focus_wake_ups.lane'])

/** The column may be quoted, or have the name of its table before it. */
function isNumber(column: string, table: string): boolean {
  const name = column.replace(/^.*\.|"/g, '')
  return name.endsWith('_at') || numberColumns.has(name) || numberColumns.has(`${table}.${name}`)
}
