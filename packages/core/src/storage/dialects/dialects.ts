import type { DatabaseDialect } from './database-dialect.ts'
import { mysql } from './mysql/dialect.ts'
import { postgres } from './postgres/dialect.ts'
import { sqlite } from './sqlite/dialect.ts'

/** Every database that Focus can keep its tables in. */
export const dialects: readonly DatabaseDialect[] = [sqlite, mysql, postgres]
