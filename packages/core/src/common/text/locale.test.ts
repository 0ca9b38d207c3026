import { expect, test } from 'vitest'
import { canonicalLocale, ownLanguage } from './locale.ts'

test.each([
  ['fr', 'fr'],
  ['fr_FR', 'fr-FR'],
  ['FR-fr', 'fr-FR'],
  ['fr_FR.UTF-8', 'fr-FR'],
  ['de_DE@euro', 'de-DE'],
  [' en ', 'en'],
  ['zh_Hant_TW', 'zh-Hant-TW'],
  ['iw', 'he'],
  ['C', null],
  ['POSIX', null],
  ['C.UTF-8', null],
  ['', null],
  ['not a language', null],
  ['x'.repeat(36), null],
  [7, null],
  [undefined, null],
])('R19: the locale %j is %j', (text, locale) => expect(canonicalLocale(text)).toBe(locale))

test('R19: the product language of a tag has no region', () => {
  expect(['fr_CA', 'EN-gb', 'de', 'frr', null].map(ownLanguage)).toEqual(['fr', 'en', null, null, null])
})
