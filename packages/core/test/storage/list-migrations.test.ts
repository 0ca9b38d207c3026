import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
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
