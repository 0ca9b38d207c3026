import { expect, test } from 'vitest'
import { pickLocale } from './locale.ts'

test.each([
  [undefined, 'fr'],
  ['', 'fr'],
  ['de-DE,de;q=0.9', 'fr'],
  ['en-GB,en;q=0.9,fr;q=0.8', 'en'],
  ['fr;q=0.3, en;q=0.7', 'en'],
  ['en;q=0, fr', 'fr'],
  ['de, en;q=0.5', 'en'],
] as const)('%j reads %s', (acceptLanguage, locale) => {
  expect(pickLocale(acceptLanguage)).toBe(locale)
})
