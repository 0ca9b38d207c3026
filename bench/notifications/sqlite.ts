import BetterSqlite3 from 'better-sqlite3'
import { columns, type Contestant, sampleRow } from './contestant.ts'

const insert = `insert into focus_notifications (${columns.map((name) => `"${name}"`).join(', ')}) values (${columns.map(() => '?').join(', ')})`

/** The bare driver, with `each` rows per transaction. */
export function bareSqlite(file: string, each: number): Contestant {
  const db = new BetterSqlite3(file)
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  const statement = db.prepare(insert)
  const write = db.transaction(() => {
    for (let written = 0; written < each; written += 1) statement.run(...sampleRow())
  })
  return {
    name: `better-sqlite3, ${each} per transaction`,
    callers: 1,
    each,
    send: () => write.immediate(),
    close: async () => void db.close(),
  }
}
