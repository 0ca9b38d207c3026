import {
  CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  PostgresAdapter,
  PostgresDialect,
  PostgresDriver,
  PostgresIntrospector,
  sql,
  type TableMetadata,
  type TransactionSettings,
} from 'kysely'
import { FocusError } from '../../../common/errors.ts'
import type { Handles } from '../handles.ts'
import { noPool } from '../servers/leasing-driver.ts'
import type { Server } from '../servers/server.ts'
import { codeOf } from '../storage-error.ts'
import { type PoolSource, ServerDatabase, type ServerKind } from '../servers/server-database.ts'

/** The oldest version that Focus works with, and that its makers support. */
const oldestVersion = 14

/**
 * The settings of a transaction, independent of the server's defaults. They end with it, so that a pooler that gives each
 * transaction another session needs to know nothing of them. A wait for a lock ends before the statement would lose its
 * connection. The server ends the session of a
 * node that stopped in the middle of a transaction, so that its locks block the other nodes for seconds only.
 */
const transactionSettings = {
  lock_timeout: 4_000,
  statement_timeout: 0,
  idle_in_transaction_session_timeout: 5_000,
  // Marks a transaction that has begun: see `log/commit/statements.ts`.
  'focus.batch': 'open',
}

/** A statement may be as long as memory allows. Larger batches hold the heads for longer, for hardly less work. */
const batchLimits = { entries: 2_000, length: 2_000_000 } as const

const begin = 'begin isolation level read committed'

/** Sent as one message. */
const beginWithSettings = [
  begin,
  ...Object.entries(transactionSettings).map(([name, value]) => `set local ${name} = '${value}'`),
].join('; ')

/** For drivers that run one statement at a time. */
const applySettings = `select ${Object.entries(transactionSettings)
  .map(([name, value]) => `set_config('${name}', '${value}', true)`)
  .join(', ')}`

/**
 * A PostgreSQL server.
 *
 * @param severalStatements whether the driver takes several statements in one text, and further ones before it has answered
 */
export function postgresDatabase(
  source: PoolSource,
  { severalStatements }: { readonly severalStatements: boolean },
): ServerDatabase {
  return new ServerDatabase(
    source,
    kindOf(severalStatements ? [beginWithSettings] : [begin, applySettings], severalStatements),
  )
}

function kindOf(beginning: readonly string[], pipelined: boolean): ServerKind {
  const dialect = new PostgresDialect({ pool: noPool })
  return {
    queue: 'postgres_pool',
    dialect: {
      createAdapter: () => new LockedOutsideAdapter(),
      createQueryCompiler: () => dialect.createQueryCompiler(),
      createIntrospector: (db) => new OwnTables(db),
    },
    transactions: new BeginningDriver(beginning),
    beginBatch: beginning,
    pipelined,
    batchLimits,
    ask: askServer,
  }
}

/** Begins transactions with their settings. */
class BeginningDriver extends PostgresDriver {
  readonly #beginning: readonly string[]

  constructor(beginning: readonly string[]) {
    super({ pool: noPool })
    this.#beginning = beginning
  }

  override async beginTransaction(connection: DatabaseConnection, _settings: TransactionSettings): Promise<void> {
    try {
      for (const statement of this.#beginning) await connection.executeQuery(CompiledQuery.raw(statement))
    } catch (error) {
      // The transaction may have begun, and Kysely ends only those that began as a whole.
      await connection.executeQuery(CompiledQuery.raw('rollback')).catch(() => undefined)
      throw error
    }
  }

  /** Kysely's own marks a connection of its pool after a failure; the guard does so here. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'))
  }
}

/** `migrateToLatest` takes the lock: Kysely's own belongs to a session, which a pooler may give to others. */
class LockedOutsideAdapter extends PostgresAdapter {
  override async acquireMigrationLock(): Promise<void> {}
  override async releaseMigrationLock(): Promise<void> {}
}

/** Finds only the tables of Focus, and only those that a statement would find: another schema may have its own. */
class OwnTables extends PostgresIntrospector implements DatabaseIntrospector {
  readonly #db: ConstructorParameters<typeof PostgresIntrospector>[0]

  constructor(db: ConstructorParameters<typeof PostgresIntrospector>[0]) {
    super(db)
    this.#db = db
  }

  override async getTables(): Promise<TableMetadata[]> {
    try {
      const { rows } = await ownTables.execute(this.#db)
      return rows.map(({ name }) => ({ name, isView: false, isForeign: false, columns: [] }))
    } catch (error) {
      // Kysely asks again after a failed statement, and then throws the error of that one.
      if (codeOf(error) === inFailedTransaction) return []
      throw error
    }
  }
}

const inFailedTransaction = '25P02'

const ownTables = sql<{ name: string }>`select c.relname as name from pg_catalog.pg_class c
  where c.relname like 'focus\\_%' and c.relkind in ('r', 'p') and pg_catalog.pg_table_is_visible(c.oid)`

async function askServer(db: Handles['limited']): Promise<Server> {
  const { rows } = await sql<{ version: string }>`show server_version_num`.execute(db)
  const number = Number(Object.values(rows[0] ?? {})[0])
  const version = Math.floor(number / 10_000)
  if (version < oldestVersion) {
    throw new FocusError('invalid_option', `DATABASE_URL: the server is PostgreSQL ${version}, which is too old.`, {
      hint: `Use PostgreSQL ${oldestVersion} or newer.`,
    })
  }
  return { flavour: 'postgres', skipLocked: true }
}
