import type { CompiledQuery, DatabaseConnection, Dialect, Driver, QueryResult, TransactionSettings } from 'kysely'
import { FocusError } from '../../common/errors.ts'
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
    return translatingErrors(this.#classify, async () => {
      refuseNul(query.parameters)
      return this.connection.executeQuery<R>(query)
    })
  }

  /** Yields all rows at once: no result that Focus reads is large. */
  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query)
  }
}

/**
 * Refuses a text that PostgreSQL cannot store, on every database alike. The arrays of a batch hold texts that were checked.
 *
 * @throws FocusError `invalid_request`
 */
function refuseNul(parameters: readonly unknown[]): void {
  if (!parameters.some((value) => typeof value === 'string' && value.includes('\0'))) return
  throw new FocusError('invalid_request', 'A text contains the character U+0000, which cannot be stored.', {
    hint: 'Remove the character from the text.',
  })
}
