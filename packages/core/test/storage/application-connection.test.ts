import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { type Dialect, Kysely, MysqlDialect, PostgresDialect, SqliteDialect } from 'kysely'
import { createPool } from 'mysql2'
import { Pool } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { type Node, startNode } from '../notifications/support/node.ts'

describe('a SQLite connection of the application, with a rollback journal', () => {
  let folder: string
  let file: string
  let connection: BetterSqlite3.Database
  let node: Node
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'focus-own-'))
    file = join(folder, 'application.db')
    connection = new BetterSqlite3(file, { timeout: 1 })
    node = await startNode(new Kysely({ dialect: new SqliteDialect({ database: connection }) }))
  })
  afterEach(async () => {
    await node.close()
    connection.close()
    rmSync(folder, { recursive: true })
  })

  test('rolls back when a reader blocks COMMIT for too long, and writes again', async () => {
    const reader = new BetterSqlite3(file)
    reader.exec('begin')
    reader.prepare('select * from focus_streams').all()
    await expect(node.notifications.notifyUser({ userId: 1, title: 'kept out', message: 'm' })).rejects.toMatchObject({
      code: 'storage_unavailable',
      message: expect.stringContaining('was not written'),
      cause: expect.objectContaining({ code: 'SQLITE_BUSY' }),
    })
    expect(connection.inTransaction).toBe(false)
    reader.exec('commit')
    reader.close()
    await node.notifications.notifyUser({ userId: 1, title: 'let in', message: 'm' })
    const { notifications } = await node.notifications.inbox(1)
    expect(notifications.map(({ offset, title }) => [offset, title])).toEqual([[1, 'let in']])
  })
})

describeOverDatabases('a connection of the application that returns whole numbers in another form', (databases) => {
  test('is read correctly', async () => {
    const db = new Kysely({ dialect: inAnotherForm(await databases.create()) })
    let now = 1_900_000_000_000
    const node = await startNode(db, { runtime: { clock: () => (now += 1) } })
    try {
      const { notifications } = node
      const head = (offset: number, unreadCount: number) => expect.objectContaining({ offset, oldest: 1, unreadCount })
      expect(await notifications.feed.head('1')).toEqual(head(0, 0))
      const group = { key: 'g' }
      await notifications.notifyUser({ userId: 1, title: 'a', message: 'm', group })
      await notifications.notifyUser({ userId: 1, title: 'b', message: 'm', group })
      await notifications.notifyUser({ userId: 1, title: 'c', message: 'm' })
      await notifications.broadcast({ title: 'everybody', message: 'm' })
      expect(await notifications.feed.head('1')).toEqual(head(3, 3))
      expect(node.events.map(({ offset, count }) => [offset, count])).toEqual([
        [1, 1],
        [2, 2],
        [3, 1],
        [1, 1],
      ])
      await notifications.markRead(1, { upToOffset: 2 })
      const page = await notifications.inbox(1)
      expect(page.unreadCount).toBe(2)
      expect(
        page.notifications.map(({ title, offset, count, timestamp, readAt }) => [
          title,
          offset,
          count,
          timestamp,
          readAt,
        ]),
      ).toEqual([
        ['everybody', 1, 1, expect.any(Number), null],
        ['c', 3, 1, expect.any(Number), null],
        ['b', 2, 2, expect.any(Number), expect.any(Number)],
      ])
      expect(() => JSON.stringify(page)).not.toThrow()
    } finally {
      await node.close()
      await db.destroy()
    }
  })
})

/** SQLite returns bigints, MySQL texts; PostgreSQL returns texts by default. */
function inAnotherForm(url: string): Dialect {
  if (url.startsWith('sqlite:')) {
    const database = new BetterSqlite3(':memory:')
    database.defaultSafeIntegers()
    return new SqliteDialect({ database })
  }
  if (url.startsWith('postgres:')) return new PostgresDialect({ pool: new Pool({ connectionString: url }) })
  return new MysqlDialect({ pool: createPool({ uri: url, supportBigNumbers: true, bigNumberStrings: true }) })
}
