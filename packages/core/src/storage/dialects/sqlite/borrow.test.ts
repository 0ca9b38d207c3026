import SqliteDatabase from 'better-sqlite3'
import { Kysely, sql, SqliteDialect } from 'kysely'
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
