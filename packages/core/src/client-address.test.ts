import { expect, test } from 'vitest'
import { createClientAddress, networkOf } from './client-address.ts'

test('S27 X-Forwarded-For of an untrusted peer is ignored', () => {
  expect(createClientAddress([])('203.0.113.9', '198.51.100.1')).toBe('203.0.113.9')
})

test('S27 behind trusted proxies the nearest untrusted hop is the client, whatever the client wrote before it', () => {
  const address = createClientAddress(['10.0.0.0/8', 'loopback'])
  expect(address('127.0.0.1', '6.6.6.6, 198.51.100.1, 10.1.2.3')).toBe('198.51.100.1')
  expect(address('::ffff:127.0.0.1', '198.51.100.1')).toBe('198.51.100.1')
})

test('S27 a proxy that adds the port of the client names the client all the same', () => {
  const address = createClientAddress(['loopback'])
  expect(address('127.0.0.1', '6.6.6.6, 198.51.100.1:41234')).toBe('198.51.100.1')
  expect(address('127.0.0.1', '[2001:db8::7]:41234')).toBe('2001:db8::7')
  expect(address('127.0.0.1', '[2001:db8::7]')).toBe('2001:db8::7')
})

test('a hop that is no address ends the walk at the last proxy', () => {
  expect(createClientAddress(['loopback'])('127.0.0.1', 'unknown')).toBe('127.0.0.1')
})

test('IPv6 ranges are understood', () => {
  expect(createClientAddress(['2001:db8::/32'])('2001:db8::1', '2001:db9::7')).toBe('2001:db9::7')
})

test('an unknown peer has no address', () => {
  expect(createClientAddress(['loopback'])(undefined, '198.51.100.1')).toBeNull()
})

test.each(['10.0.0.0/33', 'proxy.example', '10.0.0', '::1/129', ''])('the entry %j is refused by name', (entry) => {
  expect(() => createClientAddress([entry])).toThrow(/FOCUS_TRUSTED_PROXIES/)
})

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:01:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::9', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('limits count %s as %s', (address, network) => {
  expect(networkOf(address)).toBe(network)
})
