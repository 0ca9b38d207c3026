import { type DatabaseConnection, MysqlDialect, MysqlDriver, sql, type TransactionSettings } from 'kysely'
import { FocusError } from '../../../common/errors.ts'
import type { Handles } from '../handles.ts'
import { noPool } from '../servers/leasing-driver.ts'
import type { Server } from '../servers/server.ts'
import { type PoolSource, ServerDatabase, type ServerKind } from '../servers/server-database.ts'

/**
 * A MySQL or MariaDB server.
 *
 * @param readCommitted whether sessions are READ COMMITTED from their start; otherwise each transaction asks for it
 */
export function mysqlDatabase(
  source: PoolSource,
  { readCommitted }: { readonly readCommitted: boolean },
): ServerDatabase {
  return new ServerDatabase(source, readCommitted ? safeSessions : anySessions)
}

/** All transactions are READ COMMITTED: the default level of MySQL locks gaps and deadlocks. */
class ReadCommittedDriver extends MysqlDriver {
  override beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    // For a transaction without a level, Kysely passes an undefined member.
    const { isolationLevel = 'read committed' } = settings
    return super.beginTransaction(connection, { ...settings, isolationLevel })
  }
}

const safeSessions: ServerKind = {
  queue: 'mysql_pool',
  dialect: new MysqlDialect({ pool: noPool }),
  transactions: new MysqlDriver({ pool: noPool }),
  beginBatch: ['start transaction'],
  pipelined: false,
  ask: askServer,
}

const anySessions: ServerKind = {
  ...safeSessions,
  transactions: new ReadCommittedDriver({ pool: noPool }),
  beginBatch: ['set transaction isolation level read committed', ...safeSessions.beginBatch],
}

async function askServer(db: Handles['limited']): Promise<Server> {
  const { rows } = await sql<{ version: string }>`select version() as version`.execute(db)
  const version = rows[0]?.version ?? ''
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10))
  const isMariadb = /mariadb/i.test(version)
  const [oldMajor, oldMinor] = isMariadb ? [10, 5] : [8, 0]
  if (major < oldMajor || (major === oldMajor && minor < oldMinor)) {
    const product = isMariadb ? 'MariaDB' : 'MySQL'
    throw new FocusError(
      'invalid_option',
      `DATABASE_URL: the server is ${product} ${major}.${minor}, which is too old.`,
      {
        hint: `Use ${product} ${oldMajor}.${oldMinor} or newer.`,
      },
    )
  }
  if (!isMariadb) return { flavour: 'mysql', skipLocked: true }
  return { flavour: 'mariadb', skipLocked: major > 10 || minor >= 6 }
}
