import { type CompiledQuery, type DatabaseConnection, Kysely, type QueryResult } from 'kysely'
import { expect, test } from 'vitest'
import { debugSource } from '../../../common/logging/debug.ts'
import { openHandles } from '../handles.ts'
import { postgresDatabase } from './postgres-database.ts'

/** A connection that records its statements. */
class Recording implements DatabaseConnection {
  readonly statements: string[] = []
  readonly #answer: object | Error

  constructor(answer: object | Error = {}) {
    this.#answer = answer
  }

  async executeQuery<R>({ sql }: CompiledQuery): Promise<QueryResult<R>> {
    this.statements.push(sql)
    if (this.#answer instanceof Error && sql.startsWith('select')) throw this.#answer
    return { rows: [this.#answer as R] }
  }

  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query)
  }
}

function databaseOver(connection: DatabaseConnection, severalStatements: boolean) {
  const pool = {
    lease: async () => ({ connection, release: () => undefined }),
    debug: debugSource(undefined, null),
    close: async () => undefined,
  }
  return postgresDatabase(pool, { severalStatements })
}

const settings = /lock_timeout.*4000.*statement_timeout.*0.*idle_in_transaction_session_timeout.*5000/

test('transactions bring their settings, in one message', async () => {
  const connection = new Recording()
  const db = new Kysely({ dialect: databaseOver(connection, true).connect('interactive') })
  await db.transaction().execute(async () => undefined)
  const [begin, ...rest] = connection.statements
  expect(begin).toMatch(/^begin isolation level read committed; set local/)
  expect(begin).toMatch(settings)
  expect(rest).toEqual(['commit'])
})

test('a transaction whose settings fail is ended before the connection returns to its pool', async () => {
  const connection = new Recording(new Error('the settings are refused'))
  const db = new Kysely({ dialect: databaseOver(connection, false).connect('interactive') })
  await expect(db.transaction().execute(async () => undefined)).rejects.toThrow('the settings are refused')
  expect(connection.statements).toEqual([
    'begin isolation level read committed',
    expect.stringMatching(settings),
    'rollback',
  ])
})

test('refuses a server that is too old', async () => {
  const database = databaseOver(new Recording({ server_version_num: '130014' }), true)
  await expect(database.server(openHandles(database.connect('interactive')))).rejects.toMatchObject({
    code: 'invalid_option',
    message: expect.stringContaining('PostgreSQL 13'),
    hint: expect.stringContaining('14'),
  })
})
