import { type Column, constraintsOf, indexName, type TableDefinition } from '../table-definition.ts'

/** Returns the idempotent statements that create a table: one for the table and one for each index. */
export function createSqliteTable(table: TableDefinition): string[] {
  const columns = Object.entries(table.columns).map(([name, column]) => `"${name}" ${typeOf(column)}`)
  if (table.primaryKey) columns.push(`primary key (${quoted(table.primaryKey)})`)
  const tail = table.primaryKey && table.order !== 'insertion' ? ' without rowid' : ''
  const indexes = (table.indexes ?? []).map((index) => {
    const unique = index.unique ? 'unique ' : ''
    return `create ${unique}index if not exists ${indexName(table, index)} on ${table.name} (${quoted(index.columns)})`
  })
  return [`create table if not exists ${table.name} (\n  ${columns.join(',\n  ')}\n)${tail}`, ...indexes]
}

function typeOf(column: Column): string {
  if (column.type === 'id') return 'integer primary key autoincrement'
  return (column.type === 'integer' ? 'integer' : 'text') + constraintsOf(column)
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ')
}
