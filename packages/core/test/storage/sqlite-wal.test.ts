import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { openConnection } from '../../src/storage/dialects/sqlite/sqlite-connection.ts'

const folder = temporaryFolder('connection')
const file = join(folder, 'focus.db')
const connection = openConnection(file)
afterEach(() => {
  connection.close()
  removeFolder(folder)
})

test('the log of a file stays small, and shrinks after a large transaction', () => {
  const megabytes = () => statSync(`${file}-wal`).size / 1_048_576
  connection.exec('create table pages (content blob)')
  const insert = connection.prepare('insert into pages values (zeroblob(4000))')
  const add = connection.transaction((pages: number) => {
    for (let page = 0; page < pages; page += 1) insert.run()
  })
  expect(connection.pragma('synchronous', { simple: true })).toBe(2)
  for (let commit = 0; commit < 150; commit += 1) add(100)
  expect(megabytes()).toBeGreaterThan(15)
  expect(megabytes()).toBeLessThan(18)
  add(20_000)
  expect(megabytes()).toBeGreaterThan(78)
  for (let commit = 0; commit < 2; commit += 1) add(1)
  expect(megabytes()).toBeLessThanOrEqual(64)
})
