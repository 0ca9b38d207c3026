import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { newSecret } from './new-secret.ts'

test('a secret has 256 bits and is safe in URLs and cookies', () => {
  expect(newSecret(randomBytes)).toMatch(/^[\w-]{43}$/)
})
