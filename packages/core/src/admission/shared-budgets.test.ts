import { afterEach, expect, test } from 'vitest'
import { manualClock } from '@focus-api/core/testing'
import { silentLogger } from '../common/logging/logger.ts'
import { createClientAddressFinder } from '../net/addresses/client-address.ts'
import { AdmissionControl } from './admission-control.ts'
import { resolveBudgets, type Spending } from './budgets.ts'
import { SharedBudgets } from './shared-budgets.ts'

const opened: SharedBudgets[] = []
afterEach(async () => {
  for (const shared of opened.splice(0)) await shared.close()
})

/** Processes that tell each other at once what they served. */
function processes(count: number, trustedProxies: readonly string[] = ['loopback']) {
  const sent: Spending[][] = []
  const clock = manualClock(0)
  const controls = Array.from({ length: count }, () => {
    const budgets = resolveBudgets({ enabled: true, exemptLoopback: false, perMinute: { start: 6, public: 2 } })
    return new AdmissionControl({
      budgets,
      findAddress: createClientAddressFinder(trustedProxies),
      logger: silentLogger,
      now: clock,
    })
  })
  for (const control of controls) {
    opened.push(
      new SharedBudgets(control, 1, (spendings) => {
        sent.push([...spendings])
        for (const other of controls) if (other !== control) other.spentElsewhere(spendings)
      }),
    )
  }
  const admitted = (index: number, address: string, requests: number, budget: 'start' | 'public' = 'start') => {
    const control = controls[index] as AdmissionControl
    const client = control.client('127.0.0.1', address)
    return Array.from({ length: requests }).filter(() => control.request(budget, client) === null).length
  }
  return { controls, sent, clock, admitted }
}

test('requests at one process count at the others, by network, and come back with time', async () => {
  const { admitted, sent, clock } = processes(3)
  expect(admitted(0, '2001:db8:1:2::1', 4)).toBe(4)
  await expect.poll(() => sent).toEqual([[['start', '2001:db8:1:2::1', 4]]])
  expect(admitted(1, '2001:db8:1:2::9', 10)).toBe(2)
  await expect.poll(() => sent).toHaveLength(2)
  expect(admitted(2, '2001:db8:1:2::5', 10)).toBe(0)
  expect(admitted(2, '2001:db8:1:3::5', 3)).toBe(3)
  clock.advance(60_000)
  expect(admitted(2, '2001:db8:1:2::5', 10)).toBe(6)
})

test('refused requests, public routes and unnamed proxies are not told', async () => {
  const named = processes(2)
  expect(named.admitted(0, '203.0.113.9', 50, 'public')).toBe(2)
  expect(named.admitted(0, '203.0.113.9', 50)).toBe(6)
  await expect.poll(() => named.sent).toEqual([[['start', '203.0.113.9', 6]]])
  // Each process has its own proxies in front.
  const unnamed = processes(2, [])
  expect(unnamed.admitted(0, '203.0.113.9', 3)).toBe(3)
  expect(unnamed.admitted(1, '203.0.113.9', 200)).toBe(96)
  expect(unnamed.sent).toEqual([])
})

test('what cannot be read is ignored', () => {
  const { controls, admitted } = processes(2)
  const wrong = [['start', 'no address', 9], ['start', '203.0.113.9', -9], ['other', '203.0.113.9', 9], null, 7]
  controls[1]?.spentElsewhere(wrong as unknown as Spending[])
  controls[1]?.spentElsewhere({} as unknown as Spending[])
  expect(admitted(1, '203.0.113.9', 10)).toBe(6)
})
