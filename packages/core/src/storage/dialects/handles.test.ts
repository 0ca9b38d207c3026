import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  DummyDriver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely'
import { afterEach, expect, test, vi } from 'vitest'
import { openHandles } from './handles.ts'

/** Runs every statement with `run`. */
function dialectOf(run: (text: string) => Promise<QueryResult<never>>): Dialect {
  const connection: DatabaseConnection = {
    executeQuery: ({ sql: text }: CompiledQuery) => run(text),
    async *streamQuery() {},
  }
  class Driver extends DummyDriver {
    override async acquireConnection() {
      return connection
    }

    override async beginTransaction() {
      await run('begin')
    }

    override async rollbackTransaction() {
      await run('rollback')
    }
  }
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new Driver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

afterEach(() => {
  vi.useRealTimers()
})

test('a statement that hangs is storage_unavailable after 10 s, unless it has no time limit', async () => {
  vi.useFakeTimers()
  const { limited, unlimited } = openHandles(dialectOf(() => new Promise(() => undefined)))
  const hung = expect(sql`select 1`.execute(limited)).rejects.toMatchObject({
    code: 'storage_unavailable',
    status: 503,
    retryAfterSeconds: 5,
  })
  let ended = false
  void sql`select 1`.execute(unlimited).finally(() => (ended = true))
  await vi.advanceTimersByTimeAsync(60_000)
  await hung
  expect(ended).toBe(false)
})

test('a transaction that hangs rejects, and is rolled back when the database answers', async () => {
  vi.useFakeTimers()
  const ran: string[] = []
  const answer = Promise.withResolvers<QueryResult<never>>()
  const dialect = dialectOf((text) => {
    ran.push(text)
    return text === 'select 1' ? answer.promise : Promise.resolve({ rows: [] })
  })
  const { limited } = openHandles(dialect)
  const hung = expect(limited.transaction().execute((trx) => sql`select 1`.execute(trx))).rejects.toMatchObject({
    code: 'storage_unavailable',
  })
  await vi.advanceTimersByTimeAsync(10_000)
  await hung
  expect(ran).toEqual(['begin', 'select 1'])
  answer.reject(new Error('too late'))
  await vi.waitFor(() => expect(ran).toEqual(['begin', 'select 1', 'rollback']))
})

test('errors and values pass unchanged', async () => {
  const refused = new Error('refused')
  const { limited } = openHandles(
    dialectOf((text) => (text === 'select 1' ? Promise.reject(refused) : Promise.resolve({ rows: [] }))),
  )
  await expect(sql`select 1`.execute(limited)).rejects.toBe(refused)
  expect(await sql`select 2`.execute(limited)).toEqual({ rows: [] })
})
