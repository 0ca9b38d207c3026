import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import BetterSqlite3 from 'better-sqlite3'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { debugSource } from '../../src/common/logging/debug.ts'
import { silentLogger } from '../../src/common/logging/logger.ts'
import { type Database, openDatabase } from '../../src/storage/database.ts'
import { StorageError } from '../../src/storage/dialects/storage-error.ts'
import { GroupedChanges } from '../../src/storage/log/grouped-changes.ts'
import { QueueMetrics } from '../../src/storage/queue/queue-metrics.ts'
import type { ThreadOrder } from '../../src/storage/dialects/sqlite/thread/thread-requests.ts'
import { SqliteReader } from '../../src/storage/dialects/sqlite/sqlite-reader.ts'

let folder: string
let database: Database
beforeEach(async () => {
  folder = temporaryFolder('overload')
  database = await openDatabase(`sqlite:${join(folder, 'focus.db')}`, {
    queueLimits: { count: 1_000, bytes: 16_000_000, ageMs: 1_000 },
  })
  await sql`create table t (id integer primary key, name text)`.execute(database.db)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await database.close()
  removeFolder(folder)
})

/** Locks the file from another connection, as a backup or a stuck node does. */
function holdLock(): () => void {
  const other = new BetterSqlite3(join(folder, 'focus.db'))
  other.exec('begin immediate')
  return () => {
    other.exec('rollback')
    other.close()
  }
}

const insert = (name: string, { db } = database) => sql`insert into t (name) values (${name})`.execute(db)
const waiting = () => database.queues().reduce((sum, { count }) => sum + count, 0)

describe('a SQLite file that another process locks', () => {
  test('V1: 20,000 writes take limited memory and are refused at once, and no refused write is done', async () => {
    const release = holdLock()
    const before = process.memoryUsage().rss
    const outcomes = { done: 0, refused: 0, locked: 0 }
    const settled: Promise<void>[] = []
    for (let n = 0; n < 20_000; n += 1) {
      const call = insert('x'.repeat(1_000), database.forClass('background')).then(
        () => void (outcomes.done += 1),
        (error: unknown) => {
          // Statements that the writer thread has already fail when it has waited 5 s for the lock.
          if (error instanceof StorageError && error.failure === 'contention') {
            outcomes.locked += 1
            return
          }
          expect(error).toMatchObject({ code: 'overloaded', status: 503, retryAfterSeconds: 5 })
          outcomes.refused += 1
        },
      )
      settled.push(call)
      if (n % 500 === 499) await new Promise((resolve) => setImmediate(resolve))
    }
    await expect.poll(() => outcomes.refused, { timeout: 10_000 }).toBeGreaterThanOrEqual(18_000)
    expect(waiting()).toBeLessThanOrEqual(1_000)
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000)
    // The lock lasts longer than a call may wait: the queue empties without a write.
    await expect.poll(waiting, { timeout: 10_000 }).toBe(0)
    release()
    await Promise.all(settled)
    const { rows } = await sql<{ count: number }>`select count(*) as count from t`.execute(database.db)
    expect(rows).toEqual([{ count: outcomes.done }])
    // Only writes that the writer thread had already.
    expect(outcomes.done + outcomes.locked).toBeLessThanOrEqual(1_000)
    const { body } = await new QueueMetrics(() => database.queues()).after(
      Promise.resolve({ contentType: 'text/plain', body: '' }),
    )
    const refusals = (reason: string) =>
      Number(
        new RegExp(`refusals_total{queue="sqlite_writer",class="background",reason="${reason}"} (\\d+)`).exec(
          body,
        )?.[1],
      )
    expect(refusals('count') + refusals('age')).toBe(outcomes.refused)
    expect(body).toContain('focus_database_queue_calls{queue="sqlite_writer",class="background"} 0')
    await insert('and goes on')
  })

  test('V2: a flood of one class leaves room for the others, and their turn comes first', async () => {
    const release = holdLock()
    const flood = Array.from({ length: 1_200 }, () => insert('flood', database.forClass('background')))
    const outcomes = Promise.allSettled(flood)
    await expect.poll(waiting).toBeGreaterThan(700)
    const signIn = insert('sign-in')
    release()
    await signIn
    await outcomes
    const { rows } = await sql<{ name: string }>`select name from t order by id`.execute(database.db)
    const place = rows.findIndex(({ name }) => name === 'sign-in')
    // After the group that was running, before the thousand that waited.
    expect(place).toBeGreaterThanOrEqual(0)
    expect(place).toBeLessThan(300)
  })
})

describe('writes that arrive at the same time', () => {
  /** Returns the sizes of the transactions that were sent to the writer. */
  function groups(): number[] {
    const orders: ThreadOrder[] = posted.mock.calls.map(([order]) => order)
    return orders.flat().flatMap(({ request }) => (request.kind === 'group' ? [request.units.length] : []))
  }
  let posted: { readonly mock: { readonly calls: [ThreadOrder][] } }
  beforeEach(() => {
    posted = vi.spyOn(Worker.prototype, 'postMessage') as unknown as typeof posted
  })

  test('V1: share one commit', async () => {
    await Promise.all(Array.from({ length: 100 }, (_, n) => insert(`${n}`)))
    expect(groups()).toEqual([100])
  })

  test('V1: fail independently', async () => {
    const calls = ['a', 'b', 'a', 'c'].map((name, n) =>
      sql`insert into t values (${n % 2}, ${name})`.execute(database.db),
    )
    const outcomes = await Promise.allSettled(calls)
    expect(groups()).toEqual([4])
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected'])
    expect(outcomes[2]).toMatchObject({ reason: { code: 'SQLITE_CONSTRAINT_PRIMARYKEY' } })
    const { rows } = await sql`select * from t order by id`.execute(database.db)
    expect(rows).toEqual([
      { id: 0, name: 'a' },
      { id: 1, name: 'b' },
    ])
  })

  test('V1: fail independently when a value cannot be copied to the writer thread', async () => {
    const outcomes = await Promise.allSettled([
      insert('before'),
      sql`insert into t (name) values (${{ copy: () => 'refused' }})`.execute(database.db),
      insert('after'),
    ])
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(outcomes[1]).toMatchObject({ reason: { name: 'DataCloneError' } })
  })

  test('V1: are written although one of them ends the transaction', async () => {
    await insert('first')
    const outcomes = await Promise.allSettled([
      insert('before'),
      sql`insert or rollback into t values (1, 'conflict')`.execute(database.db),
      insert('after'),
    ])
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    const { rows } = await sql<{ name: string }>`select name from t order by id`.execute(database.db)
    expect(rows.map(({ name }) => name)).toEqual(['first', 'before', 'after'])
  })
})

describe('reads', () => {
  const slow = (db = database.db) =>
    sql<{
      n: number
    }>`with recursive c(n) as (select 1 union all select n + 1 from c where n < 1000000) select max(n) as n from c`.execute(
      db,
    )

  test('V9: that take long do not block the event loop', async () => {
    let turns = 0
    let reading = true
    const turn = () => {
      turns += 1
      if (reading) setImmediate(turn)
    }
    turn()
    const { rows } = await slow()
    reading = false
    expect(rows).toEqual([{ n: 1_000_000 }])
    expect(turns).toBeGreaterThan(100)
  })

  test('V9: of the background do not delay other reads', async () => {
    let slowIsThere = false
    const background = slow(database.forClass('background').db).then(() => void (slowIsThere = true))
    await sql`select * from t`.execute(database.db)
    expect(slowIsThere).toBe(false)
    await background
  })

  test('V9: fail independently when a value cannot be copied to the reader thread', async () => {
    await insert('a')
    const outcomes = await Promise.allSettled([
      sql`select name from t`.execute(database.db),
      sql`select name from t where name <> ${{ copy: () => 'refused' }}`.execute(database.db),
      sql`select count(*) as count from t`.execute(database.db),
    ])
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(outcomes[1]).toMatchObject({ reason: { name: 'DataCloneError' } })
    expect((await sql`select name from t`.execute(database.db)).rows).toEqual([{ name: 'a' }])
  })

  test('V9: see everything that was committed before they started', async () => {
    for (let n = 1; n <= 50; n += 1) {
      await insert(`${n}`)
      const all = sql<{ count: number }>`select count(*) as count from t`.execute(database.db)
      const one = sql<{ name: string }>`select name from t where id = ${n}`.execute(database.db)
      expect((await all).rows).toEqual([{ count: n }])
      expect((await one).rows).toEqual([{ name: `${n}` }])
    }
  })

  test('V9: a reader thread that ends is replaced, and its reads are repeated', async () => {
    const threads: Worker[] = []
    const seen = (thread: Worker) => void threads.push(thread)
    process.on('worker', seen)
    try {
      await insert('a')
      await sql`select name from t`.execute(database.db)
      const underWay = slow()
      // The read is sent at the end of this turn.
      await new Promise((resolve) => setImmediate(resolve))
      await threads[0]?.terminate()
      expect((await underWay).rows).toEqual([{ n: 1_000_000 }])
      expect((await sql`select name from t`.execute(database.db)).rows).toEqual([{ name: 'a' }])
      expect(threads).toHaveLength(2)
    } finally {
      process.off('worker', seen)
    }
  })

  test('V9: that their reader’s close() overtakes are refused, and start no thread', async () => {
    const threads: Worker[] = []
    const seen = (thread: Worker) => void threads.push(thread)
    process.on('worker', seen)
    try {
      const reader = new SqliteReader('test', join(folder, 'focus.db'), {
        logger: silentLogger,
        debug: debugSource(undefined, null),
      })
      const read = reader.read('delivery', 'select * from t', [])
      await Promise.all([reader.close(), expect(read).rejects.toMatchObject({ code: 'closed' })])
      expect(threads).toHaveLength(0)
    } finally {
      process.off('worker', seen)
    }
  })
})

test('V2: changes beyond the 5,000 that wait are refused as overloaded', async () => {
  const changes = new GroupedChanges(database.forClass('background'))
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  const first = changes.run('first', () => held)
  const waiting = Array.from({ length: 5_000 }, () => changes.run('user', async () => undefined))
  await expect(changes.run('user', async () => undefined)).rejects.toMatchObject({
    code: 'overloaded',
    retryAfterSeconds: 5,
  })
  release()
  await Promise.all([first, ...waiting])
})

test('V2: changes that share a transaction are refused together when the queue refuses it', async () => {
  const background = database.forClass('background')
  const changes = new GroupedChanges(background)
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
  const long = database.db.transaction().execute(async () => {
    begin()
    await held
  })
  await begun
  const calls = ['first', 'second', 'third'].map((name) =>
    changes.run(name, (trx) => sql`insert into t (name) values (${name})`.execute(trx)),
  )
  const outcomes = await Promise.allSettled(calls)
  release()
  await long
  const codes = outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.code)
  expect(codes).toEqual(['overloaded', 'overloaded', 'overloaded'])
  // The first change had its own transaction; the others shared one.
  const writer = database.queues().find(({ queue, kind }) => queue === 'sqlite_writer' && kind === 'background')
  expect(writer?.refused.age).toBe(2)
})
