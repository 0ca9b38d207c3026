import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { Sealer } from './sealer.ts'

test('a sealer seals with the newest secret and opens with all of them, for one purpose each', () => {
  const before = new Sealer(['older'], randomBytes)
  const after = new Sealer(['newer', 'older'], randomBytes)
  const value = { a: [1, null, 'é'] }
  expect(after.open('here', before.seal('here', value))).toEqual(value)
  expect(before.open('here', after.seal('here', value))).toBeNull()
  expect(after.open('there', before.seal('here', value))).toBeNull()
  expect(after.open('here', 'garbage')).toBeNull()
})
