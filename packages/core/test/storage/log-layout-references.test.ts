import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { Kysely, sql, SqliteDialect } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openApplicationKysely } from '@focus-api/test-kit/databases/application-kysely'
import { describeOnDatabase } from '@focus-api/test-kit/databases/matrix'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { migrateDatabase } from '../../src/compose/migration.ts'
import { createOldLog, layoutOf, logLayout, OldWriter, readLog } from './support/log-before-layout.ts'

const secret = 's'.repeat(32)

describeOnDatabase('sqlite')('what an application has on the notification log outlives its new layout', () => {
  let folder: string
  let file: string
  const closing: (() => Promise<unknown> | void)[] = []
  beforeEach(() => {
    folder = temporaryFolder('log-layout-references')
    file = join(folder, 'focus.db')
  })
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close()
    removeFolder(folder)
  })

  function other(): BetterSqlite3.Database {
    const db = new BetterSqlite3(file)
    closing.push(() => void db.close())
    return db
  }

  /** Creates a log, and tables, a trigger and indexes of an application. */
  async function createApplication(count: number): Promise<BetterSqlite3.Database> {
    await createOldLog(file, count)
    const db = other()
    db.exec(`
      create table app_bookmarks (
        id integer primary key, notification_id text references Focus_Notifications (id) on delete cascade
      );
      create table app_pins (user_key text, "offset" integer, label text not null,
        foreign key (user_key, "offset") references focus_notifications on delete restrict);
      create table app_audit (id text, kind text);
      create index app_by_type on focus_notifications (type, created_at);
      create unique index app_by_time on focus_notifications (created_at, id) where event is not null;
      create trigger app_deleted after delete on focus_notifications begin
        insert into app_audit values (old.id, 'it''s gone?');
      end;
      insert into app_bookmarks (notification_id) select id from focus_notifications order by id limit 100;
      insert into app_pins select user_key, "offset", title from focus_notifications order by id desc limit 100;
    `)
    return db
  }

  const ofApplication = (db: BetterSqlite3.Database) =>
    db
      .prepare(
        "select type, name, tbl_name, sql from sqlite_master where name like 'app\\_%' escape '\\' order by name",
      )
      .all()
  const rowsOf = (db: BetterSqlite3.Database) => ({
    log: readLog(db),
    bookmarks: db.prepare('select * from app_bookmarks order by id').all(),
    pins: db.prepare('select * from app_pins order by rowid').all(),
    audit: db.prepare('select * from app_audit').all(),
  })
  const namesOfLog = ['index app_by_time', 'index app_by_type', ...logLayout.names, 'trigger app_deleted']

  /** Focus deletes the notification `n`: the application's own key and trigger act. */
  function expectActs(db: BetterSqlite3.Database, n: number): void {
    const id = String(readLog(db)[n]?.id)
    expect(new OldWriter(db).remove(n)).toBe(1)
    expect(db.prepare('select count(*) from app_bookmarks where notification_id = ?').pluck().get(id)).toBe(0)
    expect(db.prepare('select * from app_audit').all()).toEqual([{ id, kind: "it's gone?" }])
    expect(() => db.exec(`insert into app_bookmarks (notification_id) values ('unknown')`)).toThrow('FOREIGN KEY')
  }

  for (const [owner, open] of [
    ['the file of Focus', () => `sqlite:${file}`],
    [
      "an application's own Kysely",
      () => {
        const kysely = openApplicationKysely(`sqlite:${file}`)
        closing.push(() => kysely.destroy())
        return kysely
      },
    ],
  ] as const) {
    test(`in ${owner}: rows that refer to it, triggers and indexes`, async () => {
      const db = await createApplication(3_000)
      const [rows, objects] = [rowsOf(db), ofApplication(db)]
      expect([rows.bookmarks.length, rows.pins.length, objects.length]).toEqual([100, 100, 6])
      const database = open()
      await migrateDatabase({ database, env: {}, secret })
      expect(layoutOf(db)).toEqual({ ...logLayout, names: namesOfLog })
      expect(rowsOf(db)).toEqual(rows)
      expect(ofApplication(db)).toEqual(objects)
      expect(db.pragma('foreign_key_check')).toEqual([])
      expectActs(db, 3)
      if (typeof database === 'string') return
      const { rows: settings } = await sql`select * from pragma_foreign_keys, pragma_legacy_alter_table`.execute(
        database,
      )
      expect(settings).toEqual([{ foreign_keys: 1, legacy_alter_table: 0 }])
    })

    test(`in ${owner}: on an empty log`, async () => {
      const db = await createApplication(0)
      const objects = ofApplication(db)
      // Rows that refer to nothing, from a time without foreign keys, are the application's.
      db.pragma('foreign_keys = off')
      db.exec("insert into app_bookmarks (notification_id) values ('of old')")
      db.pragma('foreign_keys = on')
      const rows = rowsOf(db)
      await migrateDatabase({ database: open(), env: {}, secret })
      expect(layoutOf(db)).toEqual({ ...logLayout, names: namesOfLog })
      expect(rowsOf(db)).toEqual(rows)
      expect(ofApplication(db)).toEqual(objects)
      new OldWriter(db).insert(0)
      db.exec('insert into app_bookmarks (notification_id) select id from focus_notifications')
      expectActs(db, 0)
    })
  }

  test('also when the tables were created after the move had begun', async () => {
    await createOldLog(file, 20_000)
    const db = other()
    const moved = migrateDatabase({ database: `sqlite:${file}`, env: {} })
    while (layoutOf(db).position.length === 0) await new Promise((resolve) => setImmediate(resolve))
    db.exec(`
      create table app_bookmarks (notification_id text references focus_notifications (id) on delete cascade);
      insert into app_bookmarks select id from focus_notifications limit 100;
    `)
    expect(layoutOf(db).isRowid).toBe(false)
    await moved
    expect(layoutOf(db)).toEqual(logLayout)
    expect(db.prepare('select count(*) from app_bookmarks').pluck().get()).toBe(100)
  })

  test('and a connection that keeps its foreign keys on is refused before anything changes', async () => {
    const db = await createApplication(1_000)
    const [rows, objects, layout] = [rowsOf(db), ofApplication(db), layoutOf(db)]
    const connection = other()
    const kysely = new Kysely({
      dialect: new SqliteDialect({
        database: {
          prepare: (text) => connection.prepare(/^pragma foreign_keys *=/.test(text) ? 'pragma foreign_keys' : text),
          close: () => undefined,
        },
      }),
    })
    closing.push(() => kysely.destroy())
    await expect(migrateDatabase({ database: kysely, env: {}, secret })).rejects.toMatchObject({
      code: 'storage_unavailable',
      message: expect.stringContaining('Tables of the application refer to focus_notifications'),
      hint: expect.stringContaining('focus migrate'),
    })
    expect(layoutOf(db)).toEqual(layout)
    expect(rowsOf(db)).toEqual(rows)
    expect(ofApplication(db)).toEqual(objects)
    // The connection is usable.
    expect(connection.inTransaction).toBe(false)
    await migrateDatabase({ database: `sqlite:${file}`, env: {} })
    expect(rowsOf(db)).toEqual(rows)
  })
})
