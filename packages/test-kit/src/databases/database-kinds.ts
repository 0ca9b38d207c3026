import { join } from 'node:path'
import { removeFolder, temporaryFolder } from '../processes/temporary-folder.ts'
import { startMariadb } from '../servers/mariadb.ts'
import { startPostgres } from '../servers/postgres.ts'
import type { ServerProcess } from '../servers/server-process.ts'
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

/** Not a kind of its own: few suites run on two versions. */
export const newestPostgres: DatabaseKind = {
  title: 'the newest PostgreSQL',
  start: () => startPostgres({ version: 'newest' }),
}

/** The databases that are servers, which a test can kill and freeze. */
export const serverNames = ['mariadb', 'postgres'] as const satisfies readonly DatabaseName[]
export type ServerName = (typeof serverNames)[number]

export interface OwnServer extends ServerProcess {
  /** URL of an empty database. */
  readonly url: string
  /** Creates another empty database on the same server and returns its URL. */
  createDatabase(): Promise<string>
}

/** Starts a private server with its default settings. */
export const startServer: Readonly<Record<ServerName, () => Promise<OwnServer>>> = {
  mariadb: () => startMariadb({ own: true }),
  postgres: () => startPostgres({ own: true }),
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
