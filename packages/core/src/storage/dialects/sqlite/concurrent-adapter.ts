import { SqliteAdapter } from 'kysely'

/**
 * For drivers that order the statements of a database themselves. Kysely's own lock is not needed then, and would stay taken
 * forever after a connection could not be acquired.
 */
export class ConcurrentSqliteAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true
  }
}
