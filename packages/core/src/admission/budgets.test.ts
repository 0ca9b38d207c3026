import { expect, test } from 'vitest'
import { type BudgetName, type BudgetOptions, resolveBudgets } from './budgets.ts'
import { networksOf } from '../net/addresses/networks.ts'

test.each<[string, object]>([
  ['no limit at all', { perMinute: { start: 0 } }],
  ['a fraction', { perMinute: { start: 1.5 } }],
  ['a text', { perMinute: { start: '60' } }],
  ['a limit that does not exist', { perMinute: { begin: 60 } }],
  ['a process-wide limit that does not exist', { perProcess: { begin: 60 } }],
  ['a user without anything', { perUser: { capacity: 0 } }],
])('%s stops the start', (_name, budgets) => {
  const options = { enabled: true, exemptLoopback: true, ...budgets } as BudgetOptions
  expect(() => resolveBudgets(options)).toThrow(expect.objectContaining({ code: 'invalid_option' }))
})

test('S40: no single network can use up the budget for unknown addresses', () => {
  const { perMinute, perProcess } = resolveBudgets({ enabled: true, exemptLoopback: false })
  const widest = Math.max(...[...networksOf('2001:db8::1'), ...networksOf('203.0.113.9')].map(({ share }) => share))
  for (const [name, allowance] of Object.entries(perMinute)) {
    const forStrangers = perProcess[name as BudgetName] / 12
    expect(allowance * widest, name).toBeLessThanOrEqual(forStrangers)
  }
})
