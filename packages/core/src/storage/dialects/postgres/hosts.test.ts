import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { Hosts } from './hosts.ts'

test.each([
  'postgres://focus:s3kr3t@one:99999/focus',
  'postgres://focus:s3kr3t@one,two:99999/focus',
  'postgres://focus:s3kr3t@one:5432,/focus',
])('a host that is wrong is refused at the start, without the password: %s', (url) => {
  const refused = catchError(() => new Hosts(url, 'FOCUS_DATABASE_DIRECT_URL'))
  expect(refused).toMatchObject({
    code: 'invalid_option',
    message: expect.stringContaining('FOCUS_DATABASE_DIRECT_URL'),
  })
  expect(inspect(refused, { depth: 9 })).not.toContain('s3kr3t')
})

test('the first host names the connections', () => {
  expect(new Hosts('postgres://focus:a,b@one,two:5433/focus?connectionLimit=7').connections).toBe(7)
})

function catchError(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}
