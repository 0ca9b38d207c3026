import { join } from 'node:path'
import { removeFolder, temporaryFolder } from '../processes/temporary-folder.ts'
import { startMariadb } from '../servers/mariadb.ts'
import { startPostgres } from '../servers/postgres.ts'
import type { DatabaseName } from './database-filter.ts'

/** A kind of database that suites run over. */
export interface DatabaseKind {
  /** The name in the titles of suites. */
  readonly title: string
  start(): Promise<DatabaseServer>
}

export interface DatabaseServer {
  /** Creates an empty database and returns its URL. */
  createDatabase(): Promise<string>
  /** Stops the server and removes its databases. */
  stop(): Promise<void> | void
}

/** Every kind; an entry here is all that a new database needs to be part of the matrix. */
export const databaseKinds: Readonly<Record<DatabaseName, DatabaseKind>> = {
  sqlite: { title: 'SQLite', start: startSqlite },
  mariadb: { title: 'MariaDB', start: startMariadb },
  postgres: { title: 'PostgreSQL', start: startPostgres },
}

/** Files of one folder stand in for the databases of a server. */
async function startSqlite(): Promise<DatabaseServer> {
  const folder = temporaryFolder('sqlite')
  let count = 0
  return {
    createDatabase: async () => `sqlite:${join(folder, `${(count += 1)}.db`)}`,
    stop: () => removeFolder(folder),
  }
}
