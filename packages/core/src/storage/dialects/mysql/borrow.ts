import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'
import type { AnyKysely } from '../any-kysely.ts'
import type { QueueLimits } from '../../queue/work-queue.ts'
import { type MysqlHandles, mysqlHandles } from './leasing-driver.ts'
import type { Lease } from './session-guard.ts'
import { needsEscaping, refuseUnsafeSession } from './session-safety.ts'

/**
 * An application's own Kysely, whose sessions are the application's to configure. A session is checked whenever one is taken
 * from the pool, before the first statement with a value that has to be escaped: the application may change a session, or the
 * server its default, at any time.
 */
export function borrowMysql(source: AnyKysely, limits?: QueueLimits): MysqlHandles {
  return mysqlHandles({ lease: () => borrow(source), limits, wrap: (connection) => new CheckedConnection(connection) })
}

function borrow(source: AnyKysely): Promise<Lease> {
  return new Promise((resolve, reject) => {
    const lend = (connection: DatabaseConnection) =>
      new Promise<void>((release) => resolve({ connection, release: () => release() }))
    source.getExecutor().provideConnection(lend).catch(reject)
  })
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
