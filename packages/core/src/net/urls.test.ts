import { expect, test } from 'vitest'
import { isLoopbackUrl } from './urls.ts'

test.each([
  'http://localhost.evil.example',
  'http://127.0.0.1.nip.io',
  'ftp://localhost',
  'http://10.0.0.1',
  'nonsense',
])('%s is not loopback', (url) => {
  expect(isLoopbackUrl(url)).toBe(false)
})
