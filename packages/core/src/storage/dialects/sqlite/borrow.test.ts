import SqliteDatabase from 'better-sqlite3'
import { type DatabaseConnection, Kysely, sql, SqliteDialect, SqliteDriver } from 'kysely'
import { expect, test } from 'vitest'
import type { FocusTables } from '../../tables.ts'
import { openHandles } from '../handles.ts'
import { borrowSqlite } from './borrow.ts'

test('a connection that the application cannot give once does not block later calls', async () => {
  let failures = 1
  const source = new Kysely<FocusTables>({
    dialect: new SqliteDialect({
      database: async () => {
        if (failures-- > 0) throw new Error('unable to open database file')
        return new SqliteDatabase(':memory:')
      },
    }),
  })
  const { unlimited } = openHandles(borrowSqlite(source).connect('delivery'))
  const select = () => sql<{ one: number }>`select 1 as one`.execute(unlimited)
  await expect(select()).rejects.toThrow('unable to open database file')
  expect((await select()).rows).toEqual([{ one: 1 }])
  await source.destroy()
})

test('the driver of the application begins and ends transactions', async () => {
  const database = new SqliteDatabase(':memory:')
  const calls: string[] = []
  class NotingDriver extends SqliteDriver {
    override beginTransaction(connection: DatabaseConnection) {
      calls.push('begin')
      return super.beginTransaction(connection)
    }
    override commitTransaction(connection: DatabaseConnection) {
      calls.push('commit')
      return super.commitTransaction(connection)
    }
    override rollbackTransaction(connection: DatabaseConnection) {
      calls.push('rollback')
      return super.rollbackTransaction(connection)
    }
  }
  class NotingDialect extends SqliteDialect {
    override createDriver() {
      return new NotingDriver({ database })
    }
  }
  const source = new Kysely<FocusTables>({ dialect: new NotingDialect({ database }) })
  const { unlimited } = openHandles(borrowSqlite(source).connect('delivery'))
  await sql`create table numbers (one integer)`.execute(unlimited)
  const insert = (fail: boolean) =>
    unlimited.transaction().execute(async (trx) => {
      await sql`insert into numbers values (1)`.execute(trx)
      if (fail) throw new Error('no')
    })
  await insert(false)
  await expect(insert(true)).rejects.toThrow('no')
  expect(calls).toEqual(['begin', 'commit', 'begin', 'rollback'])
  expect((await sql`select one from numbers`.execute(unlimited)).rows).toHaveLength(1)
  await source.destroy()
})
