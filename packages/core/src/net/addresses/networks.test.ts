import { expect, test } from 'vitest'
import { networksOf, normalAddress } from './networks.ts'

test.each([
  ['203.0.113.9', ['203.0.113.0/24', '203.0.113.9']],
  ['2001:db8:1:2:3:4:5:6', ['2001:db8:1::/48', '2001:db8:1:0::/56', '2001:db8:1:2::/64']],
  ['2001:db8:1:ff02::9', ['2001:db8:1::/48', '2001:db8:1:ff00::/56', '2001:db8:1:ff02::/64']],
  ['2001:db8::9', ['2001:db8:0::/48', '2001:db8:0:0::/56', '2001:db8:0:0::/64']],
  ['::1', ['0:0:0::/48', '0:0:0:0::/56', '0:0:0:0::/64']],
])('V1: %s is counted as %j, the widest first', (address, names) => {
  expect(networksOf(address).map(({ name }) => name)).toEqual(names)
})

test('V1: each wider network has a larger allowance', () => {
  expect(networksOf('2001:db8::9').map(({ share }) => share)).toEqual([8, 4, 1])
  expect(networksOf('203.0.113.9').map(({ share }) => share)).toEqual([8, 1])
})

test.each([
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['::FFFF:203.0.113.9', '203.0.113.9'],
  ['::ffff:cb00:7109', '203.0.113.9'],
  ['0:0:0:0:0:ffff:cb00:7109', '203.0.113.9'],
  ['2001:DB8::9', '2001:db8::9'],
  ['fe80::1%eth0', 'fe80::1'],
  ['203.0.113.9', '203.0.113.9'],
  ['203.0.113', null],
  ['', null],
])('%s is compared as %s', (text, address) => {
  expect(normalAddress(text)).toBe(address)
})
