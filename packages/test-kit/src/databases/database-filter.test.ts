import { expect, test } from 'vitest'
import { databaseNames, describeFilter, selectedDatabases } from './database-filter.ts'

test.each([undefined, '', ' ', ','])('DATABASES=%j selects every database', (filter) => {
  const selected = selectedDatabases(filter)
  expect([...selected]).toEqual(databaseNames)
  expect(describeFilter(selected)).toBeNull()
})

test('selects the named databases and says which ones are skipped', () => {
  const selected = selectedDatabases(' SQLite ,')
  expect([...selected]).toEqual(['sqlite'])
  expect(describeFilter(selected)).toBe('DATABASES=sqlite: this run skips the suites on mariadb, postgres.')
  expect([...selectedDatabases('mariadb,sqlite,mariadb')]).toEqual(['mariadb', 'sqlite'])
})

test.each(['oracle', 'sqlite,oracle'])('DATABASES=%s is an error that lists the accepted names', (filter) => {
  expect(() => selectedDatabases(filter)).toThrow(
    'DATABASES: unknown database "oracle". Accepted: sqlite, mariadb, postgres, separated by commas.',
  )
})
