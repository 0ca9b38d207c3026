import { expect, test } from 'vitest'
import { Counters } from './counters.ts'
import { Gate } from './gate.ts'
import { resolveLimits } from './limits.ts'
import { MemoryBroker } from './memory-broker.ts'
import { Registry } from './registry.ts'

test('a crowd of addresses takes no more memory than the gate has for them', () => {
  const gate = new Gate({
    enabled: true,
    limits: resolveLimits({ upgradesPerMinute: 1 }),
    registry: new Registry(new MemoryBroker()),
    counters: new Counters(),
    now: () => 0,
    draining: () => false,
    isOriginAllowed: () => true,
    clientAddress: () => null,
  })
  expect(gate.streamRefusal('203.0.113.9')).toBeNull()
  expect(gate.streamRefusal('203.0.113.9')).toMatchObject({ code: 'rate_limited' })
  for (let n = 0; n < 50_000; n += 1)
    gate.streamRefusal(`2001:db8:${(n >> 16).toString(16)}:${(n & 0xffff).toString(16)}::1`)
  expect(gate.streamRefusal('203.0.113.9')).toBeNull()
})
