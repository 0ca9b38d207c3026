import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/storage/database.ts'
import { startNode } from '../notifications/support/node.ts'

describe('a SQLite file', () => {
  let folder: string
  let file: string
  let database: Database
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'focus-sqlite-'))
    file = join(folder, 'focus.db')
    database = await openDatabase(`sqlite:${file}`)
    await sql`create table t (id integer primary key, name text)`.execute(database.db)
  })
  afterEach(async () => {
    await database.close()
    rmSync(folder, { recursive: true })
  })

  const names = async () => {
    const { rows } = await sql<{ name: string }>`select name from t order by id`.execute(database.db)
    return rows.map((row) => row.name)
  }

  /** In a transaction, because the setting belongs to the connection of the writer thread. */
  const maxPages = (count: number) =>
    database.db.transaction().execute((trx) => sql.raw(`pragma max_page_count = ${count}`).execute(trx))

  const modes = () => ['', '-wal', '-shm'].map((suffix) => (statSync(file + suffix).mode & 0o777).toString(8))

  test('can be read only by its owner, as can the files beside it', () => {
    expect(modes()).toEqual(['600', '600', '600'])
  })

  test('that exists keeps its file mode', async () => {
    await database.close()
    chmodSync(file, 0o640)
    database = await openDatabase(`sqlite:${file}`)
    await sql`insert into t (name) values ('again')`.execute(database.db)
    expect(modes()).toEqual(['640', '640', '640'])
  })

  test('that another process has locked blocks neither the event loop nor reads', async () => {
    const other = new BetterSqlite3(file)
    other.exec('begin immediate')
    const written = sql`insert into t (name) values ('waits')`.execute(database.db).then(() => 'written')
    // Each of these needs its own turn of the event loop.
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    expect(await names()).toEqual([])
    other.exec('rollback')
    other.close()
    expect(await written).toBe('written')
    expect(await names()).toEqual(['waits'])
  })

  test('has one transaction at a time, written completely or not at all', async () => {
    const transactions = Array.from({ length: 20 }, (_, n) =>
      database.db.transaction().execute(async (trx) => {
        const { rows } = await sql<{ count: number }>`select count(*) as count from t`.execute(trx)
        await sql`insert into t (name) values (${`${rows[0]?.count}`})`.execute(trx)
        if (n % 4 === 3) throw new Error('rolled back')
      }),
    )
    const outcomes = await Promise.allSettled(transactions)
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(15)
    expect(await names()).toEqual(Array.from({ length: 15 }, (_, n) => `${n}`))
  })

  test('on a full disk is storage_unavailable, and is written again when there is space', async () => {
    await maxPages(20)
    const tooMuch = database.db.transaction().execute(async (trx) => {
      for (let row = 0; row < 100; row += 1) await sql`insert into t (name) values (${'x'.repeat(4_000)})`.execute(trx)
    })
    await expect(tooMuch).rejects.toMatchObject({
      code: 'storage_unavailable',
      message: 'The database cannot write (SQLITE_FULL).',
      cause: { code: 'SQLITE_FULL' },
    })
    await maxPages(1_000_000)
    await sql`insert into t (name) values ('fits')`.execute(database.db)
    expect(await names()).toEqual(['fits'])
  })

  test('is written again after a trigger or a conflict rolled a transaction back', async () => {
    const conflicting = database.db.transaction().execute(async (trx) => {
      await sql`insert into t values (1, 'a')`.execute(trx)
      await sql`insert or rollback into t values (1, 'b')`.execute(trx)
    })
    await expect(conflicting).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_PRIMARYKEY' })
    await database.db.transaction().execute((trx) => sql`insert into t values (2, 'c')`.execute(trx))
    expect(await names()).toEqual(['c'])
  })

  test('refuses statements with the codes of its driver', async () => {
    await sql`insert into t values (1, 'a')`.execute(database.db)
    await expect(sql`insert into t values (1, 'b')`.execute(database.db)).rejects.toMatchObject({
      code: 'SQLITE_CONSTRAINT_PRIMARYKEY',
    })
    await expect(sql`insert into nowhere values (1)`.execute(database.db)).rejects.toThrow(/nowhere/)
  })

  test('refuses work after close()', async () => {
    const url = `sqlite:${join(folder, 'other.db')}`
    const other = await openDatabase(url)
    await other.close()
    await expect(sql`create table t (id integer)`.execute(other.db)).rejects.toThrow(/./)
  })

  test('reports commits of other processes, but not its own', async () => {
    const url = `sqlite:${join(folder, 'shared.db')}`
    const [one, two] = [await startNode(url), await startNode(url)]
    try {
      const own = { heard: false }
      one.notifications.onForeignCommit(() => (own.heard = true))
      const foreign = new Promise<void>((resolve) => two.notifications.onForeignCommit(resolve))
      // The thread answers this after it has started to watch.
      await two.database.check()
      await one.notifications.notifyUser({ userId: 1, title: 't', message: 'm' })
      await foreign
      expect((await two.notifications.feed.head('1')).offset).toBe(1)
      expect(own.heard).toBe(false)
    } finally {
      await one.close()
      await two.close()
    }
  })

  test('that cannot be opened is a clear error', async () => {
    await expect(openDatabase(`sqlite:${join(file, 'below-a-file', 'focus.db')}`)).rejects.toMatchObject({
      code: 'storage_unavailable',
      hint: expect.stringContaining('DATABASE_URL'),
    })
  })
})
