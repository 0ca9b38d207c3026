import { PostgresAdapter } from 'kysely'
import type { DatabaseDialect } from '../database-dialect.ts'
import { loadDriver } from '../load-driver.ts'
import { borrowPostgres } from './borrow.ts'
import { classifyPostgresError } from './classify.ts'
import { createPostgresTable } from './create-table.ts'
import { postgresStartProblem } from './start-problem.ts'

/** PostgreSQL: `postgres://user:password@host:5432/name`. */
export const postgres: DatabaseDialect = {
  name: 'postgres',
  syntax: {
    upsert: 'on conflict',
    rowLocks: true,
    returning: true,
    placeholder: null,
    now: 'floor(extract(epoch from clock_timestamp()) * 1000)::bigint',
    // The number is arbitrary, and the same on all nodes.
    migrationLock: 'select pg_advisory_xact_lock(7021846133209457)',
  },
  accepts: (url) => /^postgres(ql)?:\/\//i.test(url),
  isMissing: () => false,
  adapts: (adapter) => adapter instanceof PostgresAdapter,
  async open(url, options) {
    const { openPostgresPool } = await loadDriver('pg', () => import('./open.ts'))
    return openPostgresPool(url, options)
  },
  borrow: borrowPostgres,
  createTable: createPostgresTable,
  classify: classifyPostgresError,
  startProblem: postgresStartProblem,
}
