import { CompiledQuery, type DatabaseConnection, type QueryResult } from 'kysely'
import { expect, test } from 'vitest'
import { debugSource } from '../../../common/logging/debug.ts'
import { GuardedConnection } from './guarded-connection.ts'
import { SessionGuard } from './session-guard.ts'

/** A connection that cannot be destroyed and answers when the test lets it. */
class Slow implements DatabaseConnection {
  readonly answer = Promise.withResolvers<QueryResult<never>>()

  executeQuery<R>(): Promise<QueryResult<R>> {
    return this.answer.promise
  }

  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    yield await this.answer.promise
  }
}

test('R2: a connection that cannot be destroyed returns to its pool only after it has answered', async () => {
  const connection = new Slow()
  const released = Promise.withResolvers<string>()
  const lease = { connection, release: () => released.resolve('released') }
  const guard = new SessionGuard(async () => lease, debugSource(undefined, null)('storage'))
  const guarded = new GuardedConnection(lease, guard, 10)
  await expect(guarded.executeQuery(CompiledQuery.raw('select 1'))).rejects.toMatchObject({ code: 'ETIMEDOUT' })
  // Later calls change nothing and send no statement.
  await expect(guarded.executeQuery(CompiledQuery.raw('rollback'))).rejects.toMatchObject({ code: 'ETIMEDOUT' })
  guarded.release()
  const first = Promise.race([released.promise, connection.answer.promise.then(() => 'answered')])
  setImmediate(() => connection.answer.resolve({ rows: [] }))
  expect(await first).toBe('answered')
  expect(await released.promise).toBe('released')
})

test('a connection with several unanswered statements is released once', async () => {
  const connection = new Slow()
  let releases = 0
  const lease = { connection, release: () => void (releases += 1) }
  const guard = new SessionGuard(async () => lease, debugSource(undefined, null)('storage'))
  const guarded = new GuardedConnection(lease, guard, 10)
  const statements = ['insert', 'commit'].map((text) => guarded.executeQuery(CompiledQuery.raw(text)))
  expect((await Promise.allSettled(statements)).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  guarded.release()
  connection.answer.resolve({ rows: [] })
  await expect.poll(() => releases).toBe(1)
  await new Promise((resolve) => setImmediate(resolve))
  expect(releases).toBe(1)
})
