import { describe, expect, test } from 'vitest'
import { describeDatabase } from './database-name.ts'

describe('the displayed name of a database', () => {
  test.each([
    ['sqlite:focus.db', 'sqlite:focus.db'],
    ['sqlite::memory:', 'sqlite::memory:'],
    ['mysql://root@127.0.0.1:3306/focus', 'mysql://root@127.0.0.1:3306/focus'],
    ['mysql://focus:s3cret@db/focus', 'mysql://focus:***@db/focus'],
    ['mysql://focus:s3@cret@db/focus', 'mysql://focus:***@db/focus'],
    ['postgres://focus:s3cret@one:5432,two:5433/focus', 'postgres://focus:***@one:5432,two:5433/focus'],
    ['postgres://one:s3cret,one@one,two/focus?sslmode=require', 'postgres://one:***@one,two/focus?sslmode=***'],
    ['postgres://one,two/focus', 'postgres://one,two/focus'],
  ])('%s as %s', (database, shown) => {
    expect(describeDatabase(database)).toBe(shown)
  })

  test.each([
    ['a port that is none', 'mysql://focus:s3cret@db:port/focus', 'mysql:***'],
    ['a port that is none at the second of two hosts', 'postgres://focus:s3cret@one,two:port/focus', 'postgres:***'],
    ['a comma and a / in the password', 'postgres://focus:a,12/s3cret@one,two/focus', 'postgres:***'],
    ['a # in the password', 'mysql://focus:12#s3cret@db/focus', 'mysql:***'],
    ['a / in the password', 'mysql://focus:12/s3cret@db/focus', 'mysql:***'],
    ['a ? in the password', 'mysql://focus:12?s3cret@db/focus', 'mysql:***'],
    ['no slashes', 'mysql:focus:s3cret@db/focus', 'mysql:***'],
    ['no scheme', 'focus:s3cret@db/focus', 'focus:***'],
    ['nothing of an address', '//focus s3cret', '***'],
    [
      'a query with secrets',
      'mysql://db/focus?password=s3cret&ssl={"key":"s3cret"}',
      'mysql://db/focus?password=***&ssl=***',
    ],
    ['a name given twice', 'mysql://db/focus?password=x&password=s3cret', 'mysql://db/focus?password=***'],
  ])('%s: without what is secret', (_, database, shown) => {
    expect(describeDatabase(database)).toBe(shown)
  })
})
