import { describe, expect, test } from 'vitest'
import { checkedProfile } from './profile-rules.ts'
import type { ExternalProfile } from './user-directory-port.ts'

const plain: ExternalProfile = {
  provider: 'google',
  issuer: 'https://accounts.google.com',
  subject: 'person-1',
  email: null,
  emailVerified: false,
  fullName: null,
  givenName: null,
  avatarUrl: null,
  preferredUsername: null,
  locale: null,
}

const checked = (claims: Partial<ExternalProfile>, development = false) =>
  checkedProfile({ ...plain, ...claims }, { development })
const name = (fullName: string) => checked({ fullName }).fullName
const picture = (avatarUrl: string, development = false) => checked({ avatarUrl }, development).avatarUrl

describe('A4: an address', () => {
  test('has its ASCII letters in lower case, and its other characters as they are', () => {
    expect(checked({ email: 'Mike@Corp.Example' }).email).toBe('mike@corp.example')
    expect(checked({ email: 'mi\u212Ae@corp.example' }).email).toBe('mi\u212Ae@corp.example')
  })

  test('has at most 320 characters, also once it is folded', () => {
    const longest = `${'\u0130'.repeat(307)}@corp.example`
    expect(longest).toHaveLength(320)
    expect(checked({ email: longest }).email).toBe(longest)
    expect(checked({ email: `i${longest}`, emailVerified: true })).toMatchObject({ email: null, emailVerified: false })
  })

  test.each([
    '',
    'nobody',
    '@corp.example',
    'a@',
    ' a@corp.example',
    'a@corp.example\uFEFF',
    'a\u00A0b@corp.example',
    'a\0@corp.example',
    'a\uD800@corp.example',
  ])('that is none counts as absent: %j', (email) => {
    expect(checked({ email, emailVerified: true })).toMatchObject({ email: null, emailVerified: false })
  })
})

describe('A22: a name', () => {
  test('of 255 characters is whole, and a longer one is cut', () => {
    expect(name('n'.repeat(255))).toBe('n'.repeat(255))
    expect(name('n'.repeat(100_000))).toBe('n'.repeat(255))
  })

  test.each([
    ['a letter with its accents', 'e\u0301\u0323'],
    ['an emoji of several', '👩\u200D👩\u200D👧\u200D👦'],
    ['a flag', '🇫🇷'],
    ['a Hangul syllable of its parts', '\u1112\u1161\u11AB'],
  ])('is cut before %s that does not fit', (_what, character) => {
    const fitting = 'n'.repeat(255 - character.length)
    expect(name(`${fitting}${character}n`)).toBe(`${fitting}${character}`)
    expect(name(`${fitting}n${character}`)).toBe(`${fitting}n`)
  })

  test('that is one character longer than the limit is cut between code points', () => {
    expect(name(`z${'\u0301'.repeat(400)}`)).toBe(`z${'\u0301'.repeat(254)}`)
    const withPairs = name(`z${'\u{1D165}'.repeat(400)}`) ?? ''
    expect([withPairs.length, withPairs.isWellFormed()]).toEqual([255, true])
  })

  test('ends in no space where it was cut', () => {
    expect(name(`${'n'.repeat(254)} Doe`)).toBe('n'.repeat(254))
  })

  test('is joined from the given and the family name when there is none', () => {
    expect(checked({ givenName: ' Ada ', familyName: 'Lovelace' }).fullName).toBe('Ada Lovelace')
    expect(checked({ fullName: ' ', givenName: 'Ada' }).fullName).toBe('Ada')
    expect(checked({ fullName: 'Ada L.', givenName: 'Ada', familyName: 'Lovelace' }).fullName).toBe('Ada L.')
    expect(checked({ givenName: 'n'.repeat(255), familyName: 'Lovelace' }).fullName).toBe('n'.repeat(255))
    expect(checked({}).fullName).toBeNull()
  })

  test('is one line of characters that exist', () => {
    expect(name('Ada\r\n\u0007Lovelace\uD800')).toBe('Ada Lovelace\uFFFD')
  })

  test('that is suggested as a username is cut, too', () => {
    expect(checked({ preferredUsername: 'u'.repeat(300) }).preferredUsername).toHaveLength(255)
  })
})

describe('V14: a picture', () => {
  test.each(['https://pictures.example/a.png', 'https://93.184.216.34/a.png', 'https://[2606:2800::1]/a.png'])(
    'of the public internet is kept: %s',
    (url) => expect(picture(url)).toBe(url),
  )

  test.each([
    'http://pictures.example/a.png',
    'data:image/png;base64,AAAA',
    'javascript:alert(1)',
    '//pictures.example/a.png',
    'https://user:password@pictures.example/a.png',
    'https://user@pictures.example/a.png',
    'https://localhost/a.png',
    'https://app.localhost./a.png',
    'https://127.0.0.1:8443/a.png',
    'https://2130706433/a.png',
    'https://[::1]/a.png',
    'https://[::ffff:10.0.0.1]/a.png',
    'https://10.0.0.1/a.png',
    'https://192.168.1.1/a.png',
    'https://169.254.169.254/a.png',
    'https://intranet/a.png',
    'https://printer.local/a.png',
    'https://wiki.internal./a.png',
    `https://pictures.example/${'é'.repeat(700)}`,
  ])('of any other kind is not: %s', (url) => expect(picture(url)).toBeNull())

  test('of this machine is kept in development, by plain http too, and nothing else more', () => {
    expect(picture('http://localhost:8000/a.png', true)).toBe('http://localhost:8000/a.png')
    expect(picture('https://127.0.0.1/a.png', true)).toBe('https://127.0.0.1/a.png')
    expect(picture('http://10.0.0.1/a.png', true)).toBeNull()
    expect(picture('http://user:password@localhost/a.png', true)).toBeNull()
    expect(picture('ftp://localhost/a.png', true)).toBeNull()
  })

  test('is kept as browsers write it', () => {
    expect(picture('HTTPS:\\\\Pictures.example:443/a b.png')).toBe('https://pictures.example/a%20b.png')
  })
})

test.each([
  ['fr', 'fr'],
  ['en_us', 'en-US'],
  ['not a language', null],
  ['', null],
  [`en-x-${'abcdefgh-'.repeat(4)}a`, null],
])('A22: the locale %j is kept as %j', (given, kept) => {
  expect(checked({ locale: given }).locale).toBe(kept)
})

test.each(['', 'x'.repeat(256), 'half\uD800'])('S12 A22: a subject that cannot be a key is refused: %j', (subject) => {
  expect(() => checked({ subject })).toThrow(expect.objectContaining({ code: 'provider_error' }))
  expect(() => checked({ issuer: subject })).toThrow(expect.objectContaining({ code: 'provider_error' }))
})
