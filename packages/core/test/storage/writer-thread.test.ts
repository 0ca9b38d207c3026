import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import BetterSqlite3 from 'better-sqlite3'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createLogSentinel } from '@focus-api/test-kit/sentinels/log-sentinel'
import { createFocus, type Focus } from '../../src/focus.ts'
import { type Database, openDatabase } from '../../src/storage/database.ts'

describe('a writer thread that ends', () => {
  const threads: Worker[] = []
  const seen = (thread: Worker) => void threads.push(thread)
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'focus-thread-'))
    process.on('worker', seen)
  })
  afterEach(() => {
    process.off('worker', seen)
    threads.length = 0
    rmSync(folder, { recursive: true })
  })

  const url = () => `sqlite:${join(folder, 'focus.db')}`
  const kill = () => threads.at(-1)?.terminate()

  describe('in a whole Focus', () => {
    test('has one reader beside it at the start, when no transport reads its state', async () => {
      const focus = await createFocus({ env: {}, database: url() })
      try {
        expect(threads).toHaveLength(2)
      } finally {
        await focus.close()
      }
    })

    test('is reported and replaced: the next call is written, and the node is ready', async () => {
      const log = createLogSentinel()
      const focus: Focus = await createFocus({
        env: { FOCUS_SECRET: '0123456789abcdef'.repeat(3) },
        database: url(),
        logger: log.logger,
        notifications: { unknownUsers: 'accept' },
      })
      try {
        await focus.notifications.notifyUser({ userId: 'a', title: 'before', message: 'm' })
        // The writer thread starts first.
        await threads[0]?.terminate()
        expect(log.lines.filter((line) => line.startsWith("error The database's writer thread ended"))).toHaveLength(1)
        const ready = await focus.fetch(new Request('http://localhost/api/ready'))
        expect(ready.status).toBe(200)
        await focus.notifications.notifyUser({ userId: 'a', title: 'after', message: 'm' })
        const { notifications } = await focus.notifications.inbox('a')
        expect(notifications.map(({ title }) => title)).toEqual(['after', 'before'])
      } finally {
        await focus.close()
      }
    })
  })

  describe('of a database', () => {
    let database: Database
    beforeEach(async () => {
      database = await openDatabase(url())
      await sql`create table t (id integer primary key)`.execute(database.db)
    })
    afterEach(() => database.close())

    test('rejects pending work, and says that it may or may not have been written', async () => {
      const other = new BetterSqlite3(join(folder, 'focus.db'))
      other.exec('begin immediate')
      const underWay = sql`insert into t values (1)`.execute(database.db)
      await Promise.all([
        expect(underWay).rejects.toMatchObject({
          code: 'storage_unavailable',
          // A thread that already waits inside SQLite cannot be stopped there: its time-out may be reported first.
          message: expect.stringMatching(/may or may not have been written|is locked by other transactions/),
        }),
        kill(),
      ])
      other.exec('rollback')
      other.close()
      await sql`insert into t values (2)`.execute(database.db)
    })

    test('fails the check of the database until another thread can start', async () => {
      await kill()
      renameSync(folder, `${folder}-away`)
      await expect(database.check()).rejects.toMatchObject({
        code: 'storage_unavailable',
        cause: { message: expect.stringContaining('cannot start') },
      })
      renameSync(`${folder}-away`, folder)
      await database.check()
    })

    test('ends its transaction: the next thread writes nothing of it', async () => {
      const broken = database.db.transaction().execute(async (trx) => {
        await sql`insert into t values (1)`.execute(trx)
        await kill()
        await database.check()
        await sql`insert into t values (2)`.execute(trx)
      })
      await expect(broken).rejects.toMatchObject({ code: 'storage_unavailable' })
      await sql`insert into t values (3)`.execute(database.db)
      const { rows } = await sql`select id from t`.execute(database.db)
      expect(rows).toEqual([{ id: 3 }])
    })

    test('is replaced for listeners of other processes’ commits, although nothing is written', async () => {
      const told: (() => void)[] = []
      database.onForeignCommit(() => told.shift()?.())
      await database.check()
      const missed = new Promise<void>((resolve) => told.push(resolve))
      await kill()
      await missed
      const foreign = new Promise<void>((resolve) => told.push(resolve))
      const other = new BetterSqlite3(join(folder, 'focus.db'))
      other.exec('insert into t values (1)')
      other.close()
      await foreign
    })
  })
})
