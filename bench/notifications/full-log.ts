import { randomBytes } from 'node:crypto'
import BetterSqlite3 from 'better-sqlite3'

/** The content of every notification here. */
const content = {
  event: 'limits',
  type: 'info',
  title: 'Limite bientôt atteinte',
  message: `Vous avez utilisé 80 % de votre limite de ce mois ${'x'.repeat(100)}`,
  data: '{"used":80}',
}

/** Rows of one transaction. */
const rowsAtOnce = 50_000
const hourMs = 3_600_000

/**
 * Inserts notifications as the product stores them, one for each millisecond until an hour ago, without waiting for the disk.
 *
 * @param file an SQLite database with tables
 * @param ownerOf the user of the notification with this number
 */
export function fillLog(file: string, rows: number, ownerOf: (n: number) => string): void {
  const db = new BetterSqlite3(file)
  db.pragma('synchronous = OFF')
  db.pragma('cache_size = -512000')
  const insert = db.prepare(
    `insert into focus_notifications (user_key, "offset", id, event, type, title, message, data, created_at)
     values (?, ?, ?, '${content.event}', '${content.type}', '${content.title}', '${content.message}', '${content.data}', ?)`,
  )
  const heads = new Map<string, number>()
  const startedAt = Date.now() - hourMs - rows
  db.exec('begin immediate')
  for (let n = 0; n < rows; n += 1) {
    const owner = ownerOf(n)
    const offset = (heads.get(owner) ?? 0) + 1
    heads.set(owner, offset)
    insert.run(owner, offset, idOf(startedAt + n), startedAt + n)
    if (n % rowsAtOnce === 0) db.exec('commit; begin immediate')
  }
  const head = db.prepare(
    `insert into focus_streams (user_key, head, unread, all_from, created_at) values (?, ?, ?, 0, ?)
     on conflict (user_key) do update set head = excluded.head, unread = excluded.unread`,
  )
  for (const [owner, newest] of heads) head.run(owner, newest, newest, startedAt)
  db.exec('commit')
  db.pragma('wal_checkpoint(truncate)')
  db.close()
}

/** Returns a UUIDv7. */
function idOf(time: number): string {
  const hex = time.toString(16).padStart(12, '0')
  const random = randomBytes(10).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(6, 18)}`
}
