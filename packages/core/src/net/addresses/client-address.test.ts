import { expect, test } from 'vitest'
import { createClientAddressFinder } from './client-address.ts'

const addressOf = (trusted: readonly string[]) => {
  const find = createClientAddressFinder(trusted)
  return (peer: string | undefined, forwardedFor: string | null) => find(peer, forwardedFor).address
}

test('S27 X-Forwarded-For of an untrusted peer is ignored, and known to be', () => {
  expect(createClientAddressFinder([])('203.0.113.9', '198.51.100.1')).toEqual({
    address: '203.0.113.9',
    forwarded: 'ignored',
  })
})

test('S27 behind trusted proxies the nearest untrusted hop is the client, whatever the client wrote before it', () => {
  const address = addressOf(['10.0.0.0/8', 'loopback'])
  expect(address('127.0.0.1', '6.6.6.6, 198.51.100.1, 10.1.2.3')).toBe('198.51.100.1')
  expect(address('::ffff:127.0.0.1', '198.51.100.1')).toBe('198.51.100.1')
})

test('S27 a proxy that adds the port of the client names the client all the same', () => {
  const address = addressOf(['loopback'])
  expect(address('127.0.0.1', '6.6.6.6, 198.51.100.1:41234')).toBe('198.51.100.1')
  expect(address('127.0.0.1', '[2001:db8::7]:41234')).toBe('2001:db8::7')
  expect(address('127.0.0.1', '[2001:db8::7]')).toBe('2001:db8::7')
})

test.each(['unknown', '', ',', ', ,', '[', ':', '1.2.3', 'x'.repeat(16_000)])(
  'a hop that is no address (%j) ends the walk at the last proxy',
  (hop) => {
    expect(addressOf(['loopback'])('127.0.0.1', hop)).toBe('127.0.0.1')
  },
)

test('IPv6 ranges are understood', () => {
  expect(addressOf(['2001:db8::/32'])('2001:db8::1', '2001:db9::7')).toBe('2001:db9::7')
})

test('V7: a peer without an address is a trusted proxy where `unix` is named, and has no address otherwise', () => {
  expect(createClientAddressFinder(['loopback'])(undefined, '198.51.100.1')).toEqual({
    address: null,
    forwarded: 'ignored',
  })
  expect(addressOf(['unix'])(undefined, '198.51.100.1')).toBe('198.51.100.1')
  expect(addressOf(['unix'])(undefined, null)).toBeNull()
})

test('V8: 15,000 hops cost microseconds, and no more than 16 are looked at', () => {
  const address = addressOf(['loopback'])
  const hostile = [
    ','.repeat(15_000),
    '127.0.0.1,'.repeat(1_500),
    '1,'.repeat(7_500),
    `${'127.0.0.1, '.repeat(1_300)}127.0.0.1`,
  ]
  const started = performance.now()
  for (let turn = 0; turn < 250; turn += 1) for (const header of hostile) address('127.0.0.1', header)
  // The whole list was 1.5 ms each; 50 µs leave room for a machine that is busy.
  expect((performance.now() - started) / 1_000).toBeLessThan(0.05)
  expect(address('127.0.0.1', `6.6.6.6, ${Array(17).fill('127.0.0.2').join(', ')}`)).toBe('127.0.0.2')
  expect(address('127.0.0.1', `6.6.6.6, ${Array(15).fill('127.0.0.2').join(', ')}`)).toBe('6.6.6.6')
})

test.each(['10.0.0.0/33', 'proxy.example', '10.0.0', '::1/129', ''])('the entry %j is refused by name', (entry) => {
  expect(() => createClientAddressFinder([entry])).toThrow(/FOCUS_TRUSTED_PROXIES/)
})
