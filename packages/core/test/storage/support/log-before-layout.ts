import BetterSqlite3 from 'better-sqlite3'
import { migrateDatabase } from '../../../src/compose/migration.ts'

/** A notification as `focus_notifications` holds it. */
export interface LogRow {
  readonly user_key: string
  readonly offset: number
  readonly id: string
  readonly event: string | null
  readonly title: string
  readonly created_at: number
  readonly read_at: number | null
}

/** Creates an SQLite database with the tables before `0018-log-layout`, and `count` notifications of users in turn. */
export async function createOldLog(file: string, count: number): Promise<void> {
  await migrateDatabase({ database: `sqlite:${file}`, env: {} }, '0017-cluster')
  const db = new BetterSqlite3(file)
  db.transaction(() => {
    const writer = new OldWriter(db)
    for (let n = 0; n < count; n += 1) writer.insert(n)
  })()
  db.close()
}

/** Writes as a process of an earlier version does: with statements that it prepared once. */
export class OldWriter {
  readonly #insert: BetterSqlite3.Statement
  readonly #read: BetterSqlite3.Statement
  readonly #remove: BetterSqlite3.Statement

  constructor(db: BetterSqlite3.Database) {
    this.#insert = db.prepare(
      `insert into focus_notifications (user_key, "offset", id, event, type, title, message, data, created_at)
       values (?, ?, ?, ?, 'info', ?, ?, '{}', ?)`,
    )
    this.#read = db.prepare('update focus_notifications set read_at = ? where user_key = ? and "offset" in (?)')
    this.#remove = db.prepare('delete from focus_notifications where user_key = ? and "offset" in (?)')
  }

  insert(n: number): void {
    const { user_key: user, offset } = keyOf(n)
    this.#insert.run(user, offset, idOf(n), n % 3 === 0 ? null : 'limits', `title ${n}`, 'm'.repeat(n % 90), n)
  }

  markRead(n: number): number {
    const { user_key: user, offset } = keyOf(n)
    return this.#read.run(1_000_000 + n, user, offset).changes
  }

  remove(n: number): number {
    const { user_key: user, offset } = keyOf(n)
    return this.#remove.run(user, offset).changes
  }
}

const users = 97

function keyOf(n: number): { readonly user_key: string; readonly offset: number } {
  return { user_key: n % users === 0 ? '' : `user ${n % users}`, offset: Math.floor(n / users) + 1 }
}

/** Returns a UUIDv7 of the time `n`. */
function idOf(n: number): string {
  const hex = n.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${(n % 7_919).toString(16).padStart(12, '0')}`
}

/** Returns the notifications in the order of their ids. */
export function readLog(db: BetterSqlite3.Database): LogRow[] {
  return db.prepare('select * from focus_notifications order by id').all() as LogRow[]
}

interface LogLayout {
  readonly names: readonly unknown[]
  readonly isRowid: boolean
  /** Where a move is that has not ended. */
  readonly position: readonly unknown[]
}

/** Returns the tables, indexes and triggers of the log. */
export function layoutOf(db: BetterSqlite3.Database): LogLayout {
  const names = db
    .prepare("select type || ' ' || name from sqlite_master where tbl_name like 'focus_notifications%' order by 1")
    .pluck()
    .all()
  const isRowid =
    db.prepare("select wr = 0 from pragma_table_list where name = 'focus_notifications'").pluck().get() === 1
  const position = db.prepare("select value from focus_meta where name like 'move:%'").pluck().all()
  return { names, isRowid, position }
}

/** The layout after the move. */
export const logLayout: LogLayout = {
  names: [
    'index focus_notifications_log_by_id',
    'index sqlite_autoindex_focus_notifications_1',
    'table focus_notifications',
  ],
  isRowid: true,
  position: [],
}
