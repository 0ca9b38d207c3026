import { MysqlAdapter } from 'kysely'
import type { DatabaseDialect } from '../database-dialect.ts'
import { loadDriver } from '../load-driver.ts'
import { borrowMysql } from './borrow.ts'
import { classifyMysqlError } from './classify.ts'
import { createMysqlTable } from './create-table.ts'
import { mysqlStartProblem } from './start-problem.ts'

/** MySQL and MariaDB: `mysql://user:password@host:3306/name`. */
export const mysql: DatabaseDialect = {
  name: 'mysql',
  syntax: {
    upsert: 'on duplicate key',
    rowLocks: true,
    returning: false,
    placeholder: '?',
    // In UTC: a local time is ambiguous when the clocks are set back.
    now: "(timestampdiff(microsecond, '1970-01-01', utc_timestamp(3)) div 1000)",
    migrationLock: null,
  },
  accepts: (url) => /^(mysql|mariadb):\/\//.test(url),
  isMissing: () => false,
  adapts: (adapter) => adapter instanceof MysqlAdapter,
  async open(url, options) {
    const { openMysqlPool } = await loadDriver('mysql2', () => import('./open.ts'))
    return openMysqlPool(url.replace(/^mariadb:/, 'mysql:'), options)
  },
  borrow: borrowMysql,
  createTable: createMysqlTable,
  classify: classifyMysqlError,
  startProblem: mysqlStartProblem,
}
