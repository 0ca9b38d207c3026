import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { SqliteAdapter } from 'kysely'
import { FocusError } from '../../../common/errors.ts'
import type { DatabaseDialect } from '../database-dialect.ts'
import { loadDriver } from '../load-driver.ts'
import { borrowSqlite } from './borrow.ts'
import { classifySqliteError } from './classify.ts'
import { createSqliteTable } from './create-table.ts'

const scheme = 'sqlite:'
const inMemory = ':memory:'

/** SQLite: `sqlite:focus.db`, or `sqlite::memory:` for a database that ends with the process. */
export const sqlite: DatabaseDialect = {
  name: 'sqlite',
  syntax: {
    upsert: 'on conflict',
    rowLocks: false,
    returning: false,
    placeholder: '?',
    now: "cast(round((julianday('now') - 2440587.5) * 86400000) as integer)",
    migrationLock: null,
  },
  accepts: (url) => url.startsWith(scheme),
  isMissing: (url) => nameIn(url) !== inMemory && !existsSync(resolve(nameIn(url))),
  adapts: (adapter) => adapter instanceof SqliteAdapter,
  async open(url, options) {
    assertNodeVersion()
    const { openSqliteFile, openSqliteMemory } = await loadDriver('better-sqlite3', () => import('./open.ts'))
    const name = nameIn(url)
    return name === inMemory ? openSqliteMemory() : openSqliteFile(resolve(name), options)
  },
  borrow: async (source) => borrowSqlite(source),
  createTable: createSqliteTable,
  classify: classifySqliteError,
  startProblem: () => null,
}

function nameIn(url: string): string {
  return url.slice(scheme.length).replace(/^\/\//, '')
}

/** better-sqlite3 crashes an older Node with a segmentation fault and no message. */
function assertNodeVersion(): void {
  const { node } = process.versions
  const [major = 0, minor = 0] = node.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 12)) return
  throw new FocusError('missing_dependency', `SQLite needs Node 22.12 or newer; this is Node ${node}.`, {
    hint: 'Install a newer Node: https://nodejs.org.',
  })
}
