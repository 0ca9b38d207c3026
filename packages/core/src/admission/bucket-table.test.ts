import { expect, test } from 'vitest'
import { BucketTable } from './bucket-table.ts'

const take = (table: BucketTable, key: string, now = 0) => {
  if (table.waitMs(key, 1, now) > 0) return false
  table.spend(key, 1, now)
  return true
}

test('S40: a flood of callers takes no more memory than the table has, and gains no allowance by it', () => {
  const table = new BucketTable(1, 60_000, 100)
  expect(take(table, 'first')).toBe(true)
  expect(take(table, 'first')).toBe(false)
  let admitted = 0
  for (let n = 0; n < 50_000; n += 1) if (take(table, `newcomer ${n}`)) admitted += 1
  // The places that are left, and the bucket that all further newcomers share.
  expect(admitted).toBe(99 + 16)
  expect(table.size).toBe(100)
  expect(take(table, 'first')).toBe(false)
})

test('S40: places come back when buckets have refilled', () => {
  const table = new BucketTable(1, 60_000, 10)
  for (let n = 0; n < 10; n += 1) expect(take(table, `old ${n}`)).toBe(true)
  for (let n = 0; n < 10; n += 1) expect(take(table, `new ${n}`, 61_000)).toBe(true)
  expect(table.size).toBe(10)
})

test('an unknown caller takes no memory until it spends', () => {
  const table = new BucketTable(1, 60_000)
  expect(table.waitMs('seen', 1, 0)).toBe(0)
  expect(table.size).toBe(0)
})
