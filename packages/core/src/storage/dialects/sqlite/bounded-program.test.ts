import BetterSqlite3 from 'better-sqlite3'
import { expect, test } from 'vitest'
import { type Instruction, isBounded } from './bounded-program.ts'

const db = new BetterSqlite3(':memory:')
db.exec(`
  create table streams (user_key text not null primary key, head integer, unread integer);
  create table rows (user_key text, n integer, id text not null unique, read_at integer, primary key (user_key, n)) without rowid;
  create table log (user_key text, n integer, title text, primary key (user_key, n));
  create index rows_read on rows (read_at);
`)

const bounded = (sql: string) => isBounded(db.prepare(`explain ${sql}`).all() as Instruction[])

test.each([
  "select * from streams where user_key = 'a'",
  "select * from streams where user_key in ('a', 'b', 'c')",
  "select * from rows where id = 'x' and user_key in ('a', 'b')",
  "select n from rows where user_key = 'a' and n = 1 and read_at > 5",
  "select * from log where user_key = 'a' and n in (1, 2, 3)",
  'select 1',
])('V9: may run in the event loop: %s', (sql) => {
  expect(bounded(sql)).toBe(true)
})

test.each([
  'select * from streams',
  'select count(*) from streams',
  "select * from rows where user_key = 'a'",
  "select * from rows where user_key = 'a' order by n desc limit 1",
  "select * from rows where user_key in ('a', 'b') and n > 1",
  'select * from rows where read_at is null',
  "select * from rows where user_key in ('a', 'b') and n in (1, 2)",
  'select max(n) from rows',
  "select * from log where user_key in ('a', 'b') and n in (1, 2)",
  "select * from log where user_key = 'a' and n > 1",
  'select * from streams where user_key in (select user_key from rows where read_at = 1)',
  'with recursive c(n) as (select 1 union all select n + 1 from c where n < 10) select n from c',
])('V9: may not: %s', (sql) => {
  expect(bounded(sql)).toBe(false)
})
