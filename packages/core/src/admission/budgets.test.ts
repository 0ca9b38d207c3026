import { expect, test } from 'vitest'
import { type BudgetOptions, resolveBudgets } from './budgets.ts'

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
