import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkReturnTo, withOutcome } from './return-to.ts'

const self = 'https://focus.example'
const allowed = ['https://app.example']

/** Parts of addresses that some parser reads as another host. */
const pieces = [
  ['/', '\\', '.', '..', '//', ':', '@', '?', '#', ';', '\t', '\n', ' ', '\u0000', '\u00a0', '／', '。', 'é', '𝒳'],
  ['%2f', '%2F', '%5c', '%5C', '%2e', '%2E', '%252f', '%255c', '%252e', '%25', '%00', '%09', '%0a', '%20', '%'],
  ['%25252f', '%25252e', '%3f', '%23', '%40', '%3a', '%ef%bc%8f', '%c0%af'],
  ['evil.example', 'app.example', 'https:', 'http:', 'javascript:', 'welcome', 'x', 'user'],
].flat()
const addresses = fc
  .tuple(
    fc.constantFrom('/', '', 'https://app.example', 'https://app.example/'),
    fc.array(fc.constantFrom(...pieces), { maxLength: 8 }),
  )
  .map(([start, rest]) => start + rest.join(''))

/** Every form that an address takes on its way through browsers, proxies and servers that decode and resolve it. */
function formsOf(address: string): Set<string> {
  const forms = new Set([address])
  for (const form of forms) {
    const [path = ''] = form.split(/[?#]/, 1)
    if (URL.canParse(path, self)) {
      const url = new URL(path, self)
      forms.add(url.origin === self ? url.pathname : url.href)
    }
    try {
      forms.add(decodeURIComponent(path))
    } catch {
      // Not decoded by anybody.
    }
  }
  return forms
}

const hasControlCharacter = (text: string) => text.split('').some((unit) => unit < ' ' || unit === '\u007f')

test('S10 V14: an address that is accepted stays where it is, however often it is decoded and resolved', () => {
  fc.assert(
    fc.property(addresses, (address) => {
      let accepted: string
      try {
        const checked = checkReturnTo(address, allowed)
        expect(checkReturnTo(checked, allowed)).toBe(checked)
        accepted = withOutcome(checked, { focus_code: 'code' })
      } catch {
        return
      }
      const url = new URL(accepted, self)
      expect([self, ...allowed]).toContain(url.origin)
      for (const form of formsOf(url.pathname)) {
        expect(form.startsWith('//') || form.includes('\\') || hasControlCharacter(form)).toBe(false)
        expect(new URL(form, self).origin).toBe(self)
      }
    }),
    { numRuns: 20_000 },
  )
})

test('S10: ordinary addresses pass unchanged', () => {
  for (const address of [
    '/',
    '/welcome',
    '/welcome?tab=1#top',
    '/a%20b',
    '/caf%C3%A9',
    '/a//b',
    '/?next=//x',
    '/100%25',
  ]) {
    expect(checkReturnTo(address, allowed)).toBe(address)
  }
  expect(checkReturnTo('https://app.example', allowed)).toBe('https://app.example/')
})

test('S10: paths of the list narrow our own origin, however it is named', () => {
  const check = (address: string, list: readonly string[]) => checkReturnTo(address, list, self)
  for (const address of ['/welcome/x', `${self}/welcome`, `${self}/welcome/x?tab=1`, 'https://app.example/any']) {
    expect(check(address, ['/welcome', ...allowed])).toBe(address)
  }
  for (const address of ['/other', `${self}/other`, `${self}/`, `${self}/welcome-2`, `${self}/welcome/../other`]) {
    expect(() => check(address, ['/welcome', ...allowed])).toThrow(
      expect.objectContaining({ code: 'return_to_not_allowed' }),
    )
  }
  expect(check(`${self}/other`, allowed)).toBe(`${self}/other`)
  expect(check(`${self}/other`, ['/welcome', self])).toBe(`${self}/other`)
})

test('A16: an address brings no outcome of another sign-in along', () => {
  const stale = '/page?focus_code=a&tab=1&error=b&error_description=c&linked=d'
  expect(withOutcome(stale, { focus_code: 'code' })).toBe('/page?tab=1&focus_code=code')
  expect(withOutcome(stale, {})).toBe('/page?tab=1')
  expect(withOutcome('/page?a%20b', {})).toBe('/page?a%20b')
})
