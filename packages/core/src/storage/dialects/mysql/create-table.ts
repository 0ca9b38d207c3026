import type { Flavour } from '../servers/server.ts'
import { type Column, constraintsOf, indexName, type TableDefinition } from '../table-definition.ts'

/** Returns the idempotent statement that creates a table with its indexes. */
export function createMysqlTable(table: TableDefinition, flavour: Flavour): string[] {
  const lines = Object.entries(table.columns).map(([name, column]) => `\`${name}\` ${typeOf(column, flavour)}`)
  if (table.primaryKey) lines.push(`primary key (${quoted(table.primaryKey)})`)
  for (const index of table.indexes ?? []) {
    lines.push(`${index.unique ? 'unique ' : ''}index ${indexName(table, index)} (${quoted(index.columns)})`)
  }
  const options = 'engine=InnoDB default charset=utf8mb4 row_format=dynamic'
  return [`create table if not exists ${table.name} (\n  ${lines.join(',\n  ')}\n) ${options}`]
}

function typeOf(column: Column, flavour: Flavour): string {
  switch (column.type) {
    case 'id':
      return 'bigint not null auto_increment primary key'
    case 'integer':
      return `bigint${constraintsOf(column)}`
    case 'key':
      return `varchar(${column.size}) character set utf8mb4 collate ${byteCollation(flavour)}${constraintsOf(column)}`
    case 'text':
      return `mediumtext character set utf8mb4${constraintsOf(column)}`
  }
}

/** PAD SPACE collations treat 'a' and 'a ' as one key. The two servers name the collation without padding differently. */
function byteCollation(flavour: Flavour): string {
  return flavour === 'mariadb' ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin'
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}
