import { expect, test } from 'vitest'
import { render } from './render.ts'

const text = { fr: 'Bonjour {n, number}', en: 'Hello {n, number}', pt_BR: 'Olá {n, number}' }
const definition = { params: { n: 'number' }, title: text, message: { fr: 'm', en: 'm' } } as const

test.each([
  [['fr_FR'], 'Bonjour'],
  [['FR-fr'], 'Bonjour'],
  [['en_GB.UTF-8'], 'Hello'],
  [['pt-BR'], 'Olá'],
  [['no language', 'en'], 'Hello'],
  [['de_DE', 'en_US'], 'Hello'],
  [['C'], 'Bonjour'],
])('R19: the languages %j choose the text that begins with %s', (locales, greeting) => {
  expect(render('hello', definition, { n: 7 }, locales).content.title).toBe(`${greeting} 7`)
})
