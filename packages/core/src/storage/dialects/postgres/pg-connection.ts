import type { Duplex } from 'node:stream'
import { CompiledQuery, type DatabaseConnection, type QueryResult } from 'kysely'
import type { ClientBase, PoolClient, QueryResult as PgResult } from 'pg'
import { classifyPostgresError } from './classify.ts'

/** One session of Focus' own pool. */
export class PgConnection implements DatabaseConnection {
  readonly #client: PoolClient
  /** The process of the session on the server; null behind a pooler, which does not tell. */
  readonly #process: number | null
  #broken = false

  constructor(client: PoolClient, process: number | null) {
    this.#client = client
    this.#process = process
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    try {
      const { command, rowCount, rows }: PgResult = await this.#client.query(sql, parameters as unknown[])
      // Kysely looks here for a COMMIT that was answered with ROLLBACK.
      if (command === 'COMMIT' || command === 'ROLLBACK') return { rows: [{ command } as R] }
      if (!changes.has(command)) return { rows: rows ?? [] }
      return { rows, numAffectedRows: BigInt(rowCount ?? 0) }
    } catch (error) {
      // Also after an error that leaves the session open: a server that was demoted would refuse every further write.
      if (classifyPostgresError(error) === 'connection') this.#broken = true
      throw error
    }
  }

  /** Yields all rows at once: no result that Focus reads is large. */
  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query)
  }

  /** Destroys the socket, and ends the session on the server. A pooler ends the session when it loses the socket. */
  async killSession(control: (end: (connection: DatabaseConnection) => Promise<void>) => Promise<void>): Promise<void> {
    this.#broken = true
    streamOf(this.#client).destroy()
    if (this.#process === null) return
    const statement = CompiledQuery.raw('select pg_terminate_backend($1)', [this.#process])
    await control(async (connection) => void (await connection.executeQuery(statement)))
  }

  /** Gives the session back to the pool, which closes it after it was lost. */
  release(): void {
    this.#client.release(this.#broken)
  }
}

const changes = new Set<string | undefined>(['INSERT', 'UPDATE', 'DELETE', 'MERGE'])

/** Returns the socket of a client, which the types of pg leave out. */
export function streamOf(client: object): Duplex {
  return (client as { readonly connection: { readonly stream: Duplex } }).connection.stream
}

/** Returns the number of the server's process that a connection was told when it opened; 0 for none. A pooler makes one up. */
export function announcedProcess(client: ClientBase): number {
  return (client as ClientBase & { readonly processID?: number | null }).processID ?? 0
}
