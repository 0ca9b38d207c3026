import { expect, test } from 'vitest'
import { languageTag } from './locale.ts'

test.each([
  ['fr', 'fr'],
  ['fr_FR', 'fr-FR'],
  ['fr_FR.UTF-8', 'fr-FR'],
  ['EN-gb', 'en-GB'],
  ['no language', undefined],
  ['', undefined],
  [undefined, undefined],
])('R19: the language tag of the locale %j is %j', (locale, tag) => expect(languageTag(locale)).toBe(tag))
