import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { expect, test } from 'vitest'
import { temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { listMigrations, migrateDatabase } from '../../src/compose/migration.ts'

test('listing the migrations of a missing file creates neither the file nor its folder', async () => {
  const folder = temporaryFolder('migrations')
  const file = join(folder, 'below/new.db')
  for (const database of [`sqlite:${file}`, `sqlite://${file}`]) {
    const migrations = await listMigrations({ database, env: {} })
    expect(migrations.map(({ appliedAt }) => appliedAt)).toEqual(migrations.map(() => null))
    expect(migrations).not.toEqual([])
    expect(readdirSync(folder)).toEqual([])
  }
  await migrateDatabase({ database: `sqlite:${file}`, env: {} })
  expect(existsSync(file)).toBe(true)
  const after = await listMigrations({ database: `sqlite:${file}`, env: {} })
  expect(after.map(({ appliedAt }) => appliedAt)).toEqual(after.map(() => expect.any(Date)))
})

test('a database of a newer version is refused, and stays as it is', async () => {
  const file = join(temporaryFolder('migrations'), 'newer.db')
  const options = { database: `sqlite:${file}`, env: {} }
  await migrateDatabase(options)
  const db = new BetterSqlite3(file)
  db.exec("insert into focus_migration (name, timestamp) values ('9999-later', '2999-01-01T00:00:00.000Z')")
  await expect(migrateDatabase(options)).rejects.toMatchObject({
    code: 'storage_unavailable',
    message: expect.stringContaining('9999-later is missing'),
  })
  db.close()
})
