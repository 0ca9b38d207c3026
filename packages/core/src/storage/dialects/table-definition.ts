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

export interface TableDefinition {
  readonly name: string
  readonly columns: Readonly<Record<string, Column>>
  readonly primaryKey?: readonly string[]
  /**
   * In which order SQLite keeps the rows: that of the primary key when absent. In the order of insertion, inserts of random keys
   * change few pages, and a read by the key reads the row in a second step. Servers have an order of their own.
   */
  readonly order?: 'insertion'
  readonly indexes?: readonly Index[]
}

export function indexName({ name }: TableDefinition, { columns }: Index): string {
  return `${name}_by_${columns.join('_')}`.slice(0, 64)
}

/** Returns the clauses that end a column's definition. */
export function constraintsOf(column: Exclude<Column, { type: 'id' }>): string {
  const fallback = column.type === 'integer' && column.default !== undefined ? ` default ${column.default}` : ''
  return `${column.nullable ? '' : ' not null'}${fallback}`
}
