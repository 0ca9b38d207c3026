import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { defaultLimits } from '../realtime/limits.ts'
import { type RateLimitOptions, RateLimits, requestsPerMinute } from './rate-limits.ts'

test.each<[string, unknown]>([
  ['no limit at all', { start: 0 }],
  ['a fraction', { start: 1.5 }],
  ['a text', { start: '60' }],
  ['a limit that does not exist', { begin: 60 }],
])('%s stops the start', (_name, perMinute) => {
  const options = { enabled: true, exemptLoopback: true, perMinute } as RateLimitOptions
  expect(() => new RateLimits(options)).toThrow(expect.objectContaining({ code: 'invalid_option' }))
})

test('every limit is on the page of limits, with its default', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/limits.md'), 'utf8')
  for (const [name, value] of Object.entries({ ...requestsPerMinute, ...defaultLimits })) {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\``))
    expect(row, name).toBeDefined()
    if (value !== null) expect(row).toContain(value.toLocaleString('en'))
  }
})
