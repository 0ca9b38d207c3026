import { expect, test } from 'vitest'
import { manualClock } from '@focus-api/core/testing'
import { type Logger, silentLogger } from '../common/logging/logger.ts'
import { AdmissionControl } from './admission-control.ts'
import { type BudgetOptions, resolveBudgets } from './budgets.ts'
import { createClientAddressFinder } from '../net/addresses/client-address.ts'

function start(budgets: Partial<BudgetOptions> = {}, trustedProxies: readonly string[] = ['loopback']) {
  const warnings: string[] = []
  const logger: Logger = { ...silentLogger, warn: (message) => warnings.push(message) }
  const clock = manualClock(0)
  const control = new AdmissionControl({
    budgets: resolveBudgets({ enabled: true, exemptLoopback: false, ...budgets }),
    findAddress: createClientAddressFinder(trustedProxies),
    logger,
    now: clock,
  })
  const from = (address: string) => control.client('127.0.0.1', address)
  return { control, clock, warnings, from }
}

test('V1: rotating the addresses of a /48 gains eight allowances, of a /56 four', () => {
  const { control, from } = start({ perMinute: { start: 10 } })
  const admitted = (address: (n: number) => string) => {
    let count = 0
    for (let n = 0; n < 1_000; n += 1) if (control.request('start', from(address(n))) === null) count += 1
    return count
  }
  expect(admitted((n) => `2001:db8:1:2::${n.toString(16)}`)).toBe(10)
  expect(admitted((n) => `2001:db8:2:3${(n % 256).toString(16).padStart(2, '0')}::1`)).toBe(40)
  expect(admitted((n) => `2001:db8:3:${n.toString(16)}::1`)).toBe(80)
  expect(admitted((n) => `203.0.113.${n % 256}`)).toBe(80)
})

test('S40: a crowd of strangers cannot take the last half of a process-wide budget from known addresses', () => {
  const { control, from } = start({ perProcess: { start: 1_200 } })
  const known = from('198.51.100.7')
  control.remember(known)
  let admitted = 0
  for (let n = 0; n < 5_000; n += 1) {
    if (control.request('start', from(`10.${n >> 8}.${n & 255}.1`)) === null) admitted += 1
  }
  expect(admitted).toBe(100)
  expect(control.request('start', from('192.0.2.1'))).toMatchObject({ reason: 'process' })
  expect(control.request('start', known)).toBeNull()
})

test('V13: credentials that turn out to be good stay uncounted, bad ones do not', () => {
  const { control, from } = start({ perProcess: { credentials: 1_200 }, perMinute: { credentials: 5 } })
  for (let n = 0; n < 5_000; n += 1) {
    const client = from(`10.${n >> 8}.${n & 255}.1`)
    expect(control.startTrial(client)).toBeNull()
    control.tried(client, 'good')
  }
  const guesser = from('203.0.113.9')
  for (let n = 0; n < 5; n += 1) {
    expect(control.startTrial(guesser)).toBeNull()
    control.tried(guesser, 'bad')
  }
  expect(control.mayTry(guesser)).toMatchObject({ reason: 'credentials' })
})

test('V13: a question alone takes no place; a trial that is under way has one', () => {
  const { control, from } = start({ perProcess: { credentials: 60 } })
  const client = from('203.0.113.9')
  for (let n = 0; n < 100; n += 1) expect(control.mayTry(client)).toBeNull()
  for (let n = 0; n < 5; n += 1) expect(control.startTrial(client)).toBeNull()
  expect(control.mayTry(client)).toMatchObject({ reason: 'process' })
  control.tried(client, 'unknown')
  expect(control.mayTry(client)).toBeNull()
})

test('V2: a user has one budget for everything, which comes back with time', () => {
  const { control, clock, from } = start({ perUser: { capacity: 20, perSecond: 10 } })
  const client = from('203.0.113.9')
  for (let n = 0; n < 4; n += 1) expect(control.user('7', 5, client)).toBeNull()
  expect(control.user('7', 5, client)).toEqual({ reason: 'user', retryAfterSeconds: 1 })
  expect(control.user('8', 5, client)).toBeNull()
  clock.advance(500)
  expect(control.user('7', 5, client)).toBeNull()
})

test('V2: a cost above the whole budget takes all of it, and is not refused forever', () => {
  const { control, clock, from } = start({ perUser: { capacity: 10, perSecond: 10 } })
  const client = from('203.0.113.9')
  for (let n = 0; n < 2; n += 1) {
    expect(control.user('7', 21, client)).toBeNull()
    expect(control.user('7', 21, client)).toEqual({ reason: 'user', retryAfterSeconds: 1 })
    clock.advance(1_000)
  }
})

test('V9: work that is charged afterwards delays what the user asks for next, by no more than one allowance', () => {
  const { control, clock, from } = start({ perUser: { capacity: 20, perSecond: 10 } })
  const client = from('203.0.113.9')
  control.charge('7', 1_000_000, client)
  expect(control.user('7', 1, client)).toMatchObject({ retryAfterSeconds: 3 })
  clock.advance(2_100)
  expect(control.user('7', 1, client)).toBeNull()
})

test('V6: a forwarded header of a peer that is not named warns once, with the setting', () => {
  const { control, warnings } = start({}, [])
  for (let n = 0; n < 3; n += 1) control.client('172.17.0.1', '203.0.113.9')
  expect(warnings).toEqual([expect.stringContaining('FOCUS_TRUSTED_PROXIES=172.17.0.1')])
})

test('V6: a client that forges the header does not use up the warning about the proxy', () => {
  const { control, warnings } = start({}, [])
  control.client('203.0.113.66', '6.6.6.6')
  control.client('172.17.0.1', '203.0.113.9')
  expect(warnings).toHaveLength(2)
})

test('V6: all clients of a proxy that is not named share more than one allowance', () => {
  const { control } = start({ perMinute: { start: 10 } }, [])
  let admitted = 0
  for (let n = 0; n < 1_000; n += 1) {
    if (control.request('start', control.client('172.17.0.1', `203.0.113.${n % 256}`)) === null) admitted += 1
  }
  expect(admitted).toBe(160)
})

test('V7: peers without an address share one allowance, and warn once', () => {
  const { control, warnings } = start({ perMinute: { start: 10 } })
  let admitted = 0
  for (let n = 0; n < 1_000; n += 1)
    if (control.request('start', control.client(undefined, null)) === null) admitted += 1
  expect(admitted).toBe(160)
  expect(warnings).toEqual([expect.stringContaining('FOCUS_TRUSTED_PROXIES=unix')])
})

test('V11: wrong admin keys are limited by address, and warn once with their number', () => {
  const { control, clock, warnings, from } = start({ perMinute: { adminKey: 3 } })
  const guesser = from('203.0.113.9')
  for (let n = 0; n < 3; n += 1) {
    expect(control.adminKey(guesser)).toBeNull()
    expect(control.wrongAdminKey(guesser)).toBeNull()
  }
  for (let n = 0; n < 100; n += 1) expect(control.adminKey(guesser)).toMatchObject({ reason: 'admin_key' })
  expect(control.adminKey(from('198.51.100.7'))).toBeNull()
  expect(warnings).toEqual(['Wrong admin keys were presented'])
  clock.advance(60_000)
  control.wrongAdminKey(guesser)
  expect(warnings).toHaveLength(2)
})

test('V11: wrong admin keys of all addresses together are limited too', () => {
  const { control, from } = start({ perProcess: { adminKey: 120 } })
  const answers = Array.from({ length: 100 }, (_, n) => control.wrongAdminKey(from(`10.0.${n}.1`)))
  expect(answers.filter((answer) => answer === null)).toHaveLength(10)
  expect(answers.at(-1)).toMatchObject({ reason: 'process' })
})

test('refusals are counted by class and reason', () => {
  const { control, from } = start({ perMinute: { start: 1 } })
  for (let n = 0; n < 3; n += 1) control.request('start', from('203.0.113.9'))
  expect([...control.refusals]).toEqual([['start:address', 2]])
})

test('clients of this machine go free where they are exempt', () => {
  const { control } = start({ exemptLoopback: true, perMinute: { start: 1 } })
  for (let n = 0; n < 3; n += 1) expect(control.request('start', control.client('127.0.0.1', null))).toBeNull()
})
