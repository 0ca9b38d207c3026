import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { type Database, openDatabase } from '../../src/storage/database.ts'

describeOverDatabases('the clock of a database', (databases) => {
  let database: Database
  beforeEach(async () => {
    database = await openDatabase(await databases.create())
  })
  afterEach(() => database.close())

  test('counts whole milliseconds since 1970, in any time zone', async () => {
    const { db, syntax } = database
    const read = async () => {
      const { now } = await db.selectNoFrom(sql.raw<number>(syntax.now).as('now')).executeTakeFirstOrThrow()
      return now
    }
    const before = Date.now()
    const now = await read()
    expect(Number.isInteger(now)).toBe(true)
    expect(now).toBeGreaterThanOrEqual(before - 1)
    expect(now).toBeLessThanOrEqual(Date.now() + 1)
    await expect.poll(read).toBeGreaterThan(now)
  })
})
