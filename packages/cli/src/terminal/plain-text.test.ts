import { describe, expect, test } from 'vitest'
import { plainJson, plainLines, plainText } from './plain-text.ts'

describe('foreign text', () => {
  test.each([
    ['an escape sequence', '\u001b[31mred\u001b[0m', '\\u{1b}[31mred\\u{1b}[0m'],
    ['one that begins in C1', '\u009b2J\u009d0;title\u009c', '\\u{9b}2J\\u{9d}0;title\\u{9c}'],
    ['backspaces and DEL', 'abc\b\b\u007f', 'abc\\u{8}\\u{8}\\u{7f}'],
    ['a bidirectional override', 'gpj.\u202eexe', 'gpj.\\u{202e}exe'],
    ['bidirectional isolates', '\u2066a\u2069', '\\u{2066}a\\u{2069}'],
    ['what nobody sees', 'ali\u200bce\u00ad\ufeff', 'ali\\u{200b}ce\\u{ad}\\u{feff}'],
    ['a joiner between letters', 'ali\u200dce', 'ali\\u{200d}ce'],
    ['a tag character', 'a\u{e0041}', 'a\\u{e0041}'],
    ['half of a character', 'a\ud83d', 'a\\u{d83d}'],
    ['every kind of line end', 'a\r\nb\nc\td\u0085e\u2028f\u2029g', 'a  b c d e f g'],
  ])('%s is shown, not obeyed', (_, text, shown) => {
    expect(plainText(text)).toBe(shown)
  })

  test.each(['Ça marche', 'مرحبا', '👩‍💻 🏳️‍🌈 👩🏽‍🚀', 'e\u0301'])('%s stays unchanged', (text) => {
    expect(plainText(text)).toBe(text)
  })

  test('keeps its lines', () => {
    expect(plainLines('a\n  b\u001b[2J\r\nc')).toBe('a\n  b\\u{1b}[2J \nc')
  })

  test('as JSON is the same document', () => {
    const document = { ['k\u009b']: 'a\u001b\u007f\u009b\u202e\u{e0041}\ud83d\u2028"\\👩‍💻\n' }
    const json = plainJson(document)
    expect(json).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202e\u{e0041}]/u)
    expect(JSON.parse(json)).toEqual(document)
  })
})
