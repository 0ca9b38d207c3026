import { type ClientBase, type ClientConfig, Pool, types } from 'pg'
import { withTimeout } from '../../../common/async/with-timeout.ts'
import type { DatabaseDriver, DriverOptions, SignalOptions } from '../database-dialect.ts'
import { lost } from '../servers/session-guard.ts'
import { announcedProcess, PgConnection, streamOf } from './pg-connection.ts'
import { Hosts } from './hosts.ts'
import { postgresDatabase } from './postgres-database.ts'
import { PostgresSignal } from './postgres-signal.ts'

/** How long a new connection may take until it can be used. */
const connectMs = 4_000
/** How long a connection stays open without work. */
const idleMs = 60_000
/** How long closing may wait for the server. */
const closeMs = 3_000

const { INT8, NUMERIC } = types.builtins

/** Every number that Focus reads is below 2^53. */
const numbersAsNumbers: NonNullable<ClientConfig['types']> = {
  // The overloads of pg differ in the result only.
  getTypeParser: ((type: Parameters<typeof types.getTypeParser>[0], format?: 'text') =>
    type === INT8 || type === NUMERIC ? Number : types.getTypeParser(type, format)) as typeof types.getTypeParser,
}

/**
 * Asks a new session what it is. The number of its process differs from the one that the driver was told behind a pooler: then
 * the session belongs to others too, and keeps its settings. A session of Focus alone gets settings for statements outside of
 * transactions.
 */
const introduce = `select pg_backend_pid() as process, current_setting('transaction_read_only') as read_only,
  case when pg_backend_pid() = $1 then concat(set_config('default_transaction_isolation', 'read committed', false),
    set_config('lock_timeout', '4000', false), set_config('statement_timeout', '0', false)) end as settings`

interface Introduction {
  readonly process: number
  readonly read_only: 'on' | 'off'
}

/** Opens a pool of Focus' own for a `postgres://` URL. */
export async function openPostgresPool(url: string, options: DriverOptions): Promise<DatabaseDriver> {
  const hosts = new Hosts(url)
  const connections = new WeakMap<object, PgConnection>()
  const open = new Set<ClientBase>()
  const pool = new Pool({
    Client: hosts.client,
    max: hosts.connections,
    connectionTimeoutMillis: connectMs,
    idleTimeoutMillis: idleMs,
    keepAlive: true,
    // A batch sends its writes, its marker and its COMMIT at once.
    pipeline: true,
    keepAliveInitialDelayMillis: 10_000,
    types: numbersAsNumbers,
  })
  // Idle connections that are lost; the pool has removed them.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => {
    // A connection that is lost between two statements; the next one rejects.
    client.on('error', () => undefined)
    open.add(client)
    client.once('end', () => open.delete(client))
  })
  const connect = async () => {
    const client = await pool.connect()
    try {
      const connection = connections.get(client) ?? new PgConnection(client, await introduceSession(client))
      connections.set(client, connection)
      return connection
    } catch (error) {
      client.release(true)
      throw error
    }
  }
  const lease = async () => {
    const connection = await hosts.tryEach(connect)
    return { connection, release: () => connection.release() }
  }
  const close = async () => {
    const late = () => lost('the server did not close the connections in time')
    await withTimeout(pool.end(), closeMs, late).catch(() => undefined)
    for (const client of open) streamOf(client).destroy()
  }
  const wakeUpSignal = (signal: SignalOptions) =>
    new PostgresSignal(
      signal.directUrl === null ? hosts : new Hosts(signal.directUrl, 'FOCUS_DATABASE_DIRECT_URL'),
      signal,
    )
  const source = { ...options, lease, connections: hosts.connections, close, wakeUpSignal }
  return postgresDatabase(source, { severalStatements: true })
}

/** Returns the process of the session, or null behind a pooler. */
async function introduceSession(client: ClientBase): Promise<number | null> {
  const told = announcedProcess(client)
  const asked = client.query<Introduction>(introduce, [told])
  const late = () => {
    streamOf(client).destroy()
    return lost('the new connection did not answer in time')
  }
  const { rows } = await withTimeout(asked, connectMs, late)
  const { process, read_only } = rows[0] ?? { process: 0, read_only: 'off' }
  if (read_only === 'on') throw readOnly()
  return process === told ? process : null
}

/** The error that a write in such a session would get. */
function readOnly(): Error {
  return Object.assign(new Error('the server is a read-only standby, or default_transaction_read_only is on'), {
    code: '25006',
  })
}
