import { once } from 'node:events'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openApplicationKysely } from '@focus-api/test-kit/databases/application-kysely'
import { describeOnDatabase } from '@focus-api/test-kit/databases/matrix'
import { endProcess, spawnBound } from '@focus-api/test-kit/processes/child'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { listMigrations, migrateDatabase } from '../../src/compose/migration.ts'
import { type Database, openDatabase } from '../../src/storage/database.ts'
import { migrateToLatest } from '../../src/storage/migrations/migrate.ts'
import { createOldLog, layoutOf, logLayout, OldWriter, readLog } from './support/log-before-layout.ts'

describeOnDatabase('sqlite')('the notification log of SQLite gets the layout of a log', () => {
  let folder: string
  let file: string
  const closing: (() => Promise<unknown> | void)[] = []
  beforeEach(() => {
    folder = temporaryFolder('log-layout')
    file = join(folder, 'focus.db')
  })
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close()
    removeFolder(folder)
  })

  /** A connection of another process. */
  function other(): BetterSqlite3.Database {
    const db = new BetterSqlite3(file)
    closing.push(() => void db.close())
    return db
  }

  async function open(...args: Parameters<typeof openDatabase>): Promise<Database> {
    const database = await openDatabase(...args)
    closing.push(() => database.close())
    return database
  }

  test('in a new database', async () => {
    await migrateDatabase({ database: `sqlite:${file}`, env: {} })
    expect(layoutOf(other())).toEqual(logLayout)
  })

  test('with all rows, in the order of their ids, and says how far it is', async () => {
    await createOldLog(file, 10_000)
    const db = other()
    const before = readLog(db)
    const lines: unknown[][] = []
    const info = (...line: unknown[]) => void lines.push(line)
    const logger = { debug: info, info, warn: info, error: info }
    const migrated = await migrateDatabase({ database: `sqlite:${file}`, env: {}, logger })
    expect(migrated).toEqual({ applied: ['0018-log-layout'], current: '0018-log-layout' })
    expect(layoutOf(db)).toEqual(logLayout)
    expect(readLog(db)).toEqual(before)
    expect(db.prepare('select id from focus_notifications order by rowid').pluck().all()).toEqual(
      before.map(({ id }) => id),
    )
    expect(lines.at(-1)).toEqual(['Migrated the notification log', { rows: 10_000, seconds: expect.any(Number) }])
    expect(await migrateDatabase({ database: `sqlite:${file}`, env: {} })).toMatchObject({ applied: [] })
  })

  test('after a process was killed in the middle, and earlier versions wrote since', async () => {
    await createOldLog(file, 10_000)
    const db = other()
    const position = db.prepare("select value from focus_meta where name like 'move:%'").pluck()
    // The second chunk, which has the lock for writers, does not end: the process cannot complete the move before it is killed.
    db.exec(`
      create view endless as with recursive n(x) as (select 1 union all select 1 from n) select x from n;
      create trigger stop after update on focus_meta when old.name like 'move:%' and old.value <> ''
      begin select count(*) from endless; end
    `)
    const child = spawnBound(
      process.execPath,
      ['--conditions=@focus-api/source', '--input-type=module', '-e', migrating],
      {
        env: { ...process.env, DATABASE_URL: `sqlite:${file}` },
        stdio: 'inherit',
      },
    )
    const exited = once(child, 'exit')
    while (!position.get() && child.exitCode === null) await new Promise((resolve) => setImmediate(resolve))
    await endProcess(child, 'SIGKILL')
    await exited
    db.exec('drop trigger stop; drop view endless')
    expect(layoutOf(db)).toMatchObject({ isRowid: false, position: [expect.stringMatching(/^0/)] })

    const writer = new OldWriter(db)
    for (const n of [5, 9_990]) writer.markRead(n)
    for (const n of [6, 9_991]) writer.remove(n)
    writer.insert(10_001)
    const before = readLog(db)
    expect(before).toHaveLength(9_999)
    await migrateDatabase({ database: `sqlite:${file}`, env: {} })
    expect(layoutOf(db)).toEqual(logLayout)
    expect(readLog(db)).toEqual(before)
  })

  test('while a process of an earlier version writes, and goes on afterwards', async () => {
    await createOldLog(file, 10_000)
    const db = other()
    // The loop of this thread moves the rows too: it must not wait for the lock.
    db.pragma('busy_timeout = 0')
    const writer = new OldWriter(db)
    const model = new BetterSqlite3(':memory:')
    closing.push(() => void model.close())
    model.exec(
      `create table focus_notifications (${columns.replace('"count"', '"count" default 1')}, primary key (user_key, "offset"))`,
    )
    const rows = db.prepare(`select ${columns} from focus_notifications`).raw().all()
    const insert = model.prepare(`insert into focus_notifications values (${columns.replaceAll(/[^,]+/g, '?')})`)
    for (const row of rows) insert.run(...(row as unknown[]))
    const expected = new OldWriter(model)

    const state = { moving: true }
    const moved = migrateDatabase({ database: `sqlite:${file}`, env: {} }).finally(() => (state.moving = false))
    let written = 0
    let during = 0
    const change = (target: OldWriter) => {
      target.insert(10_000 + written)
      target.markRead((written * 7_907) % 10_000)
      target.remove((written * 6_007 + 1) % 10_000)
    }
    const changeBoth = () => {
      try {
        db.transaction(() => change(writer)).immediate()
      } catch (error) {
        if (error instanceof BetterSqlite3.SqliteError && error.code === 'SQLITE_BUSY') return
        throw error
      }
      change(expected)
      written += 1
    }
    while (state.moving) {
      changeBoth()
      if (layoutOf(db).position.length === 1) during = written
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await moved
    for (let n = 0; n < 20; n += 1) changeBoth()
    expect(during).toBeGreaterThan(0)
    expect(layoutOf(db)).toEqual(logLayout)
    expect(readLog(db)).toEqual(readLog(model))
  })

  test('by several processes at the same time', async () => {
    await createOldLog(file, 10_000)
    const db = other()
    const before = readLog(db)
    const results = await Promise.all(
      Array.from({ length: 3 }, () => migrateDatabase({ database: `sqlite:${file}`, env: {} })),
    )
    expect(results.map(({ current }) => current)).toEqual(results.map(() => '0018-log-layout'))
    expect(layoutOf(db)).toEqual(logLayout)
    expect(readLog(db)).toEqual(before)
  })

  test("in an application's own Kysely, under the views of the application", async () => {
    await createOldLog(file, 5_000)
    const db = other()
    const before = readLog(db)
    db.exec('create view unread as select id from focus_notifications where read_at is null')
    const kysely = openApplicationKysely(`sqlite:${file}`)
    closing.push(() => kysely.destroy())
    await migrateDatabase({ database: kysely, env: {}, secret: 's'.repeat(32) })
    expect(layoutOf(db)).toEqual(logLayout)
    expect(readLog(db)).toEqual(before)
    expect(db.prepare('select count(*) from unread').pluck().get()).toBe(5_000)
    const { rows } = await sql`pragma legacy_alter_table`.execute(kysely)
    expect(rows).toEqual([{ legacy_alter_table: 0 }])
  })

  test('later, when the disk is full, and the earlier table is intact until then', async () => {
    await createOldLog(file, 10_000)
    const db = other()
    const before = readLog(db)
    const database = await open(`sqlite:${file}`)
    const maxPages = (count: number) =>
      database.migrating.transaction().execute((trx) => sql.raw(`pragma max_page_count = ${count}`).execute(trx))
    await maxPages(Number(db.pragma('page_count', { simple: true })) + 100)
    await expect(migrateToLatest(database)).rejects.toMatchObject({
      code: 'storage_unavailable',
      message: 'The database could not be migrated at 0018-log-layout: database or disk is full',
      hint: expect.stringContaining('free space'),
    })
    expect(layoutOf(db)).toMatchObject({ isRowid: false, position: [expect.stringMatching(/^0/)] })
    expect(readLog(db)).toEqual(before)
    expect((await listMigrations({ database: `sqlite:${file}`, env: {} })).at(-1)?.appliedAt).toBeNull()
    await maxPages(1_000_000)
    await migrateToLatest(database)
    expect(layoutOf(db)).toEqual(logLayout)
    expect(readLog(db)).toEqual(before)
  })
})

const columns =
  'user_key, "offset", id, event, type, title, message, data, "count", group_key, created_at, expires_at, read_at'

const migrating = `
  const { migrateDatabase } = await import('@focus-api/core')
  await migrateDatabase({ logger: false })
`
