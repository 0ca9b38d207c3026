import { type CompiledQuery, type DatabaseConnection, Kysely, type QueryResult } from 'kysely'
import { expect, test } from 'vitest'
import { debugSource } from '../../../common/logging/debug.ts'
import { mysqlDatabase } from './mysql-database.ts'

/** A connection that records its statements. */
class Recording implements DatabaseConnection {
  readonly statements: string[] = []

  async executeQuery<R>({ sql }: CompiledQuery): Promise<QueryResult<R>> {
    this.statements.push(sql)
    return { rows: [] }
  }

  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query)
  }
}

const askForLevel = 'set transaction isolation level read committed'

test.each([
  ['an application’s sessions, whose level is not known', false, [askForLevel, 'begin', 'commit']],
  ['sessions that start with it', true, ['begin', 'commit']],
])('transactions are READ COMMITTED: %s', async (_, readCommitted, expected) => {
  const connection = new Recording()
  const pool = {
    lease: async () => ({ connection, release: () => undefined }),
    debug: debugSource(undefined, null),
    close: async () => undefined,
  }
  const database = mysqlDatabase(pool, { readCommitted })
  const db = new Kysely({ dialect: database.connect('interactive') })
  await db.transaction().execute(async () => undefined)
  expect(connection.statements).toEqual(expected)
})
