import type { Duplex } from 'node:stream'
import { type Driver, MysqlDriver } from 'kysely'
import { createPool, type PoolConnection } from 'mysql2'
import { FocusError } from '../../../common/errors.ts'
import { withTimeout } from '../../../common/async/with-timeout.ts'
import type { DatabaseDriver, DriverOptions } from '../database-dialect.ts'
import { connectionsOf } from '../servers/connection-limit.ts'
import { lost } from '../servers/session-guard.ts'
import { mysqlDatabase } from './mysql-database.ts'

/**
 * The settings of every session that Focus opens, independent of the server's defaults (S41). The driver writes values into the
 * statement with backslash escapes, which are safe only without `NO_BACKSLASH_ESCAPES` and in a character set whose multi-byte
 * characters never contain a backslash. A wait for a lock ends before the statement would lose its connection. MariaDB ends the session of a
 * process that stopped in the middle of a transaction, so that its locks block the other nodes for seconds only.
 */
const sessionSettings = [
  "set session sql_mode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', names utf8mb4",
  'set session transaction isolation level read committed',
  'set session innodb_lock_wait_timeout = 4 /*M!100300 , idle_transaction_timeout = 5 */',
]

/**
 * On a Galera cluster, a read waits for the writes that other servers have accepted; a server that is behind would look like a
 * restored backup. Without effect elsewhere, and unknown to MySQL.
 */
const galeraSetting = 'set session wsrep_sync_wait = 1'

/** How long closing may wait for the server. */
const closeMs = 3_000

/** Opens a pool of Focus' own for a `mysql://` URL. */
export async function openMysqlPool(url: string, options: DriverOptions): Promise<DatabaseDriver> {
  const connections = connectionsOf(parsed(url).searchParams)
  const pool = createPool({
    uri: url,
    connectionLimit: connections,
    charset: 'utf8mb4',
    timezone: 'Z',
    connectTimeout: 4_000,
    enableKeepAlive: true,
    keepAliveInitialDelay: 10_000,
  })
  const open = new Set<PoolConnection>()
  pool.on('connection', (connection) => {
    open.add(connection)
    const stream = streamOf(connection)
    // A destroyed connection emits no `end`.
    stream.once('close', () => open.delete(connection))
    endsAtOnce(connection, stream)
    for (const setting of sessionSettings) {
      // The driver runs the statements of a connection in order, so no query runs before its settings.
      connection.query(setting, (error) => {
        if (error) connection.destroy()
      })
    }
    connection.query(galeraSetting, () => undefined)
  })
  const driver: Driver = new MysqlDriver({ pool })
  await driver.init()
  const lease = async () => {
    const connection = await driver.acquireConnection()
    return { connection, release: () => void driver.releaseConnection(connection) }
  }
  const close = async () => {
    await withTimeout(driver.destroy(), closeMs, () => lost('the server did not close the connections in time')).catch(
      () => undefined,
    )
    for (const connection of open) connection.destroy()
  }
  return mysqlDatabase({ ...options, lease, connections, close }, { readCommitted: true })
}

function parsed(url: string): URL {
  if (URL.canParse(url)) return new URL(url)
  throw new FocusError('invalid_option', 'DATABASE_URL: is not a valid address of a MySQL server.', {
    hint: 'Write it as mysql://user:password@host:3306/name; escape special characters of the password with %.',
  })
}

/** Destroys the socket too: mysql2 waits for the server to close it, and the server of a lost connection never does. */
function endsAtOnce(connection: PoolConnection, stream: Duplex): void {
  const destroy = connection.destroy.bind(connection)
  connection.destroy = () => {
    destroy()
    stream.destroy()
  }
}

/** Returns the socket of a connection, which the types of mysql2 leave out. */
function streamOf(connection: PoolConnection): Duplex {
  return (connection as unknown as { readonly stream: Duplex }).stream
}
