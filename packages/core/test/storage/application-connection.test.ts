import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Node, startNode } from '../notifications/support.ts'

describe('a SQLite connection of the application’s own, with a rollback journal', () => {
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

  it('is out of every transaction after a reader kept COMMIT waiting for too long, and writes again', async () => {
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
