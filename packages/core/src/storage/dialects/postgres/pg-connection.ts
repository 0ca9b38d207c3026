import type { Duplex } from 'node:stream'
import { CompiledQuery, type DatabaseConnection, type QueryResult } from 'kysely'
import type { ClientBase, PoolClient, QueryConfig, QueryResult as PgResult } from 'pg'
import type { NamedQuery } from '../batch/kysely-batch-session.ts'
import { arrayLiteral } from './array-literal.ts'
import { classifyPostgresError } from './classify.ts'

/** One session of Focus' own pool. */
export class PgConnection implements DatabaseConnection {
  readonly #client: PoolClient
  /** The process of the session on the server; null behind a pooler, which does not tell. */
  readonly #process: number | null
  #broken = false
  #isCorked = false

  constructor(client: PoolClient, process: number | null) {
    this.#client = client
    this.#process = process
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    try {
      this.#cork()
      const { command, rowCount, rows }: PgResult = await this.#client.query(this.#configOf(query))
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

  /** Sends the statements of one turn of the event loop together: a write to a socket costs more than most statements. */
  #cork(): void {
    if (this.#isCorked) return
    this.#isCorked = true
    const stream = streamOf(this.#client)
    stream.cork()
    process.nextTick(() => {
      this.#isCorked = false
      stream.uncork()
    })
  }

  /** Behind a pooler, a prepared statement would stay in a session of others. */
  #configOf({ sql, parameters, name }: NamedQuery): QueryConfig {
    const values = parameters.map((value) => (Array.isArray(value) ? (arrayLiteral(value) ?? value) : value))
    return name === undefined || this.#process === null ? { text: sql, values } : { name, text: sql, values }
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
