import { type CompiledQuery, type DatabaseConnection, Kysely, type QueryResult } from 'kysely'
import { expect, test } from 'vitest'
import { debugSource } from '../../../common/logging/debug.ts'
import { openHandles } from '../handles.ts'
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

test.each([
  ['5.7.44-log', 'MySQL 5.7'],
  ['10.4.32-MariaDB-1:10.4.32+maria~ubu2004', 'MariaDB 10.4'],
])('refuses a server that is too old: %s', async (version, product) => {
  const { database, handles } = answering({ version })
  await expect(database.server(handles)).rejects.toMatchObject({
    code: 'invalid_option',
    message: expect.stringContaining(product),
  })
})

test.each([
  ['8.0.36', { flavour: 'mysql', skipLocked: true }],
  ['10.5.23-MariaDB', { flavour: 'mariadb', skipLocked: false }],
  ['11.8.2-MariaDB', { flavour: 'mariadb', skipLocked: true }],
])('knows the server %s', async (version, server) => {
  const { database, handles } = answering({ version })
  expect(await database.server(handles)).toEqual(server)
})

class Answering implements DatabaseConnection {
  readonly #row: object

  constructor(row: object) {
    this.#row = row
  }

  async executeQuery<R>(): Promise<QueryResult<R>> {
    return { rows: [this.#row as R] }
  }

  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>()
  }
}

function answering(row: object) {
  const connection = new Answering(row)
  const pool = {
    lease: async () => ({ connection, release: () => undefined }),
    debug: debugSource(undefined, null),
    close: async () => undefined,
  }
  const database = mysqlDatabase(pool, { readCommitted: true })
  return { database, handles: openHandles(database.connect('interactive')) }
}
