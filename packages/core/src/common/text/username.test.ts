import { expect, test } from 'vitest'
import { suggestUsername } from './username.ts'

const from = (fullName: string | null, preferredUsername: string | null = null, email: string | null = null) =>
  suggestUsername({ fullName, preferredUsername, email })

test.each([
  ['John Doe', 'john_doe'],
  ['  John   Doe ', 'john_doe'],
  ['Élodie Lefèvre-Garçon', 'elodie_lefevre_garcon'],
  ['Jürgen Groß', 'jurgen_gross'],
  ['Søren Kierkegaard', 'soren_kierkegaard'],
  ["Conan O'Brien", 'conan_obrien'],
  ['ﬁnn', 'finn'],
  ['X Æ A-12', 'x_ae_a_12'],
])('%j becomes %j', (name, username) => {
  expect(from(name)).toBe(username)
})

test('a name without Latin letters falls back to the preferred username, the e-mail, and user', () => {
  expect(from('山田太郎', 'yamada@example.com')).toBe('yamada')
  expect(from('山田太郎', null, 'taro.yamada@example.com')).toBe('taro_yamada')
  expect(from('山田太郎')).toBe('user')
  expect(from(null)).toBe('user')
})

test('never reads like an id, and never like an e-mail address', () => {
  expect(from('42', null, '007@example.com')).toBe('user')
  expect(from('a@b.example')).toBe('a_b_example')
})

test('leaves room for a number', () => {
  expect(from('x'.repeat(500))).toHaveLength(48)
  expect(from(`${'x'.repeat(47)} y`)).toBe('x'.repeat(47))
})
