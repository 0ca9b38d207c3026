import type { CompiledQuery, DatabaseConnection, Dialect, Driver, QueryResult, TransactionSettings } from 'kysely'
import { type Classify, translatingErrors } from './storage-error.ts'

/** Returns a dialect of Kysely whose driver rejects with translated errors. */
export function translatingDialect(dialect: Dialect, classify: Classify): Dialect {
  return {
    createAdapter: () => dialect.createAdapter(),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createDriver: () => new TranslatingDriver(dialect.createDriver(), classify),
  }
}

class TranslatingDriver implements Driver {
  readonly #driver: Driver
  readonly #classify: Classify

  constructor(driver: Driver, classify: Classify) {
    this.#driver = driver
    this.#classify = classify
  }

  init(): Promise<void> {
    return translatingErrors(this.#classify, () => this.#driver.init())
  }

  async acquireConnection(): Promise<TranslatingConnection> {
    const connection = await translatingErrors(this.#classify, () => this.#driver.acquireConnection())
    return new TranslatingConnection(connection, this.#classify)
  }

  beginTransaction({ connection }: TranslatingConnection, settings: TransactionSettings): Promise<void> {
    return translatingErrors(this.#classify, () => this.#driver.beginTransaction(connection, settings))
  }

  commitTransaction({ connection }: TranslatingConnection): Promise<void> {
    return translatingErrors(this.#classify, () => this.#driver.commitTransaction(connection))
  }

  rollbackTransaction({ connection }: TranslatingConnection): Promise<void> {
    return translatingErrors(this.#classify, () => this.#driver.rollbackTransaction(connection))
  }

  releaseConnection({ connection }: TranslatingConnection): Promise<void> {
    return this.#driver.releaseConnection(connection)
  }

  destroy(): Promise<void> {
    return this.#driver.destroy()
  }
}

class TranslatingConnection implements DatabaseConnection {
  readonly connection: DatabaseConnection
  readonly #classify: Classify

  constructor(connection: DatabaseConnection, classify: Classify) {
    this.connection = connection
    this.#classify = classify
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return translatingErrors(this.#classify, () => this.connection.executeQuery<R>(query))
  }

  /** Yields all rows at once: no result that Focus reads is large. */
  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query)
  }
}
