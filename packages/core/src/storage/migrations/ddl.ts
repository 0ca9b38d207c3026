import type { DialectName } from '../dialects/any-kysely.ts'

/**
 * The kinds of columns in the schema. Each has a form on every database.
 *
 * - `id`: a number that the database counts up
 * - `integer`: whole numbers to 2^53; times are milliseconds since 1970
 * - `key`: identifiers, hashes and topics up to `size` characters, compared byte by byte (S33)
 * - `text`: human text or JSON of any length
 */
export type Column =
  | { readonly type: 'id' }
  | { readonly type: 'integer'; readonly nullable?: boolean; readonly default?: number }
  | { readonly type: 'key'; readonly size: number; readonly nullable?: boolean }
  | { readonly type: 'text'; readonly nullable?: boolean }

export interface Index {
  readonly columns: readonly string[]
  readonly unique?: boolean
}

export interface Table {
  readonly name: string
  readonly columns: Readonly<Record<string, Column>>
  readonly primaryKey?: readonly string[]
  readonly indexes?: readonly Index[]
}

export interface DdlContext {
  readonly dialect: DialectName
  /** On MySQL: the collation without trailing-space folding, which differs between MySQL and MariaDB. */
  readonly byteCollation: string
}

/** Returns the idempotent statements that create a table: one on MySQL; on SQLite one for the table and one for each index. */
export function createTable(table: Table, context: DdlContext): string[] {
  const quote = (name: string) => (context.dialect === 'mysql' ? `\`${name}\`` : `"${name}"`)
  const list = (names: readonly string[]) => names.map(quote).join(', ')
  const columns = Object.entries(table.columns).map(([name, column]) => `${quote(name)} ${columnType(column, context)}`)
  if (table.primaryKey) columns.push(`primary key (${list(table.primaryKey)})`)
  const indexes = (table.indexes ?? []).map((index) => ({ ...index, name: indexName(table.name, index) }))
  if (context.dialect === 'mysql') {
    const inline = indexes.map(
      (index) => `${index.unique ? 'unique ' : ''}index ${index.name} (${list(index.columns)})`,
    )
    return [
      `create table if not exists ${table.name} (\n  ${[...columns, ...inline].join(',\n  ')}\n) ` +
        'engine=InnoDB default charset=utf8mb4 row_format=dynamic',
    ]
  }
  return [
    `create table if not exists ${table.name} (\n  ${columns.join(',\n  ')}\n)${table.primaryKey ? ' without rowid' : ''}`,
    ...indexes.map(
      (index) =>
        `create ${index.unique ? 'unique ' : ''}index if not exists ${index.name} on ${table.name} (${list(index.columns)})`,
    ),
  ]
}

function indexName(table: string, index: Index): string {
  return `${table}_by_${index.columns.join('_')}`.slice(0, 64)
}

function columnType(column: Column, { dialect, byteCollation }: DdlContext): string {
  const mysql = dialect === 'mysql'
  switch (column.type) {
    case 'id':
      return mysql ? 'bigint not null auto_increment primary key' : 'integer primary key autoincrement'
    case 'integer': {
      const fallback = column.default === undefined ? '' : ` default ${column.default}`
      return `${mysql ? 'bigint' : 'integer'}${nullability(column)}${fallback}`
    }
    case 'key':
      return (
        (mysql ? `varchar(${column.size}) character set utf8mb4 collate ${byteCollation}` : 'text') +
        nullability(column)
      )
    case 'text':
      return (mysql ? 'mediumtext character set utf8mb4' : 'text') + nullability(column)
  }
}

function nullability(column: { readonly nullable?: boolean }): string {
  return column.nullable ? '' : ' not null'
}
