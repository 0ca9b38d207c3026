import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { openConnection, type SqliteConnection, StatementCache } from '../sqlite-connection.ts'
import { SqliteKnownHeads } from './sqlite-known-heads.ts'

let folder: string
let own: SqliteConnection
let other: SqliteConnection
let heads: SqliteKnownHeads

beforeEach(() => {
  folder = temporaryFolder('known-heads')
  own = openConnection(join(folder, 'focus.db'))
  other = openConnection(join(folder, 'focus.db'))
  own.exec('create table focus_streams (user_key text primary key, head integer, unread integer) without rowid')
  own.exec("insert into focus_streams values ('u', 4, 1)")
  heads = new SqliteKnownHeads(new StatementCache(own))
})

afterEach(() => {
  own.close()
  other.close()
  removeFolder(folder)
})

const stored = () => other.prepare('select head, unread from focus_streams').get()

test('a head that is not known is left to the caller', () => {
  expect(heads.advance('u', 2, 2)).toBeNull()
  expect(stored()).toEqual({ head: 4, unread: 1 })
})

test('a known head is advanced, and returned as it was', () => {
  heads.remember('u', { head: 4, oldest: 1 })
  expect(heads.advance('u', 2, 1)).toEqual({ head: 4, oldest: 1 })
  expect(stored()).toEqual({ head: 6, unread: 2 })
})

test('a head that another process has moved is left as it is', () => {
  heads.remember('u', { head: 4, oldest: 1 })
  other.exec('update focus_streams set head = 5')
  expect(heads.advance('u', 2, 2)).toBeNull()
  expect(stored()).toEqual({ head: 5, unread: 1 })
})

test('a head that was remembered in a transaction that was rolled back is left as it is', () => {
  heads.remember('u', { head: 4, oldest: 1 })
  own.exec('begin')
  heads.advance('u', 2, 2)
  heads.remember('u', { head: 6, oldest: 1 })
  own.exec('rollback')
  expect(heads.advance('u', 1, 1)).toBeNull()
  expect(stored()).toEqual({ head: 4, unread: 1 })
})

test('a stream that was deleted is left to the caller', () => {
  heads.remember('u', { head: 4, oldest: 1 })
  other.exec('delete from focus_streams')
  expect(heads.advance('u', 1, 1)).toBeNull()
})

test('beyond the bound, the heads that were stored longest ago are forgotten', () => {
  own.exec("insert into focus_streams values ('v', 0, 0), ('w', 0, 0)")
  heads = new SqliteKnownHeads(new StatementCache(own), 2)
  heads.remember('u', { head: 4, oldest: 1 })
  heads.remember('v', { head: 0, oldest: 1 })
  heads.remember('u', { head: 4, oldest: 1 })
  heads.remember('w', { head: 0, oldest: 1 })
  expect(heads.advance('v', 1, 1)).toBeNull()
  expect(heads.advance('u', 1, 1)).toEqual({ head: 4, oldest: 1 })
  expect(heads.advance('w', 1, 1)).toEqual({ head: 0, oldest: 1 })
})
