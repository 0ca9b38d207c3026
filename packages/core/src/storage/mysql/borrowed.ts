import {
  type CompiledQuery,
  type DatabaseConnection,
  Kysely,
  MysqlDialect,
  MysqlDriver,
  type QueryResult,
} from 'kysely'
import type { AnyKysely } from '../dialect.ts'
import type { FocusTables } from '../tables.ts'
import { needsEscaping, refuseUnsafeSession } from './session-safety.ts'

/**
 * An application's own Kysely, whose sessions are the application's to configure. A session is checked whenever one is taken
 * from the pool, before the first statement with a value that has to be escaped: the application may change a session, or the
 * server its default, at any time.
 */
export function borrowMysql(source: AnyKysely): Kysely<FocusTables> {
  const dialect = new MysqlDialect({ pool: noPool })
  return new Kysely<FocusTables>({
    dialect: {
      createAdapter: () => dialect.createAdapter(),
      createQueryCompiler: () => dialect.createQueryCompiler(),
      createIntrospector: (db) => dialect.createIntrospector(db),
      createDriver: () => new BorrowedDriver(source),
    },
  })
}

async function noPool(): Promise<never> {
  throw new TypeError('connections come from the application')
}

class BorrowedDriver extends MysqlDriver {
  readonly #source: AnyKysely
  readonly #releases = new WeakMap<DatabaseConnection, () => void>()

  constructor(source: AnyKysely) {
    super({ pool: noPool })
    this.#source = source
  }

  override async init(): Promise<void> {}

  override acquireConnection(): Promise<DatabaseConnection> {
    return new Promise((resolve, reject) => {
      const lend = (connection: DatabaseConnection) =>
        new Promise<void>((release) => {
          const checked = new CheckedConnection(connection)
          this.#releases.set(checked, release)
          resolve(checked)
        })
      this.#source.getExecutor().provideConnection(lend).catch(reject)
    })
  }

  override async releaseConnection(connection: DatabaseConnection): Promise<void> {
    this.#releases.get(connection)?.()
  }

  /** The application closes its own pool. */
  override async destroy(): Promise<void> {}
}

class CheckedConnection implements DatabaseConnection {
  readonly #connection: DatabaseConnection
  #checked = false

  constructor(connection: DatabaseConnection) {
    this.#connection = connection
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    await this.#check(query)
    return this.#connection.executeQuery<R>(query)
  }

  async *streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    await this.#check(query)
    yield* this.#connection.streamQuery<R>(query, chunkSize)
  }

  async #check({ parameters }: CompiledQuery): Promise<void> {
    if (this.#checked || !parameters.some(needsEscaping)) return
    await refuseUnsafeSession(this.#connection)
    this.#checked = true
  }
}
