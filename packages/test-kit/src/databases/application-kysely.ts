import BetterSqlite3 from 'better-sqlite3'
import { type Dialect, Kysely, MysqlDialect, PostgresDialect, SqliteDialect } from 'kysely'
import { createPool } from 'mysql2'
import { Pool } from 'pg'

/** Opens a database as an application does for itself, with the settings that the drivers have by default. */
export function openApplicationKysely(url: string): Kysely<unknown> {
  return new Kysely({ dialect: applicationDialect(url) })
}

function applicationDialect(url: string): Dialect {
  if (url.startsWith('sqlite:')) return new SqliteDialect({ database: new BetterSqlite3(url.slice('sqlite:'.length)) })
  if (url.startsWith('mysql:')) return new MysqlDialect({ pool: createPool({ uri: url, connectionLimit: 10 }) })
  const pool = new Pool({ connectionString: url, max: 10 })
  // Connections that a test cuts off: idle ones, and those in use.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return new PostgresDialect({ pool })
}
