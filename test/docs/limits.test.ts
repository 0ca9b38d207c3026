import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import {
  costs,
  defaultBodyTimeoutMs,
  requestsPerMinute,
  requestsPerMinuteOfProcess,
  userBudget,
} from '../../packages/core/src/admission/budgets.ts'
import { addressDefaults, defaultLimits } from '../../packages/core/src/realtime/realtime-limits.ts'

/** The rows of a page whose first cell is a name in code, as lists of cells. */
function rowsOf(page: string): string[][] {
  return page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
}

test('every limit is on the page of limits, with its default', () => {
  const rows = rowsOf(readFileSync(resolve(import.meta.dirname, '../../docs/limits.md'), 'utf8'))
  const defaults: [string, number | null, number?][] = [
    ...Object.entries(requestsPerMinute).map(([name, value]): [string, number] => [`\`${name}\``, value]),
    ...Object.entries(userBudget).map(([name, value]): [string, number] => [`\`perUser.${name}\``, value]),
    ...Object.entries(costs).map(([name, value]): [string, number] => [`\`cost: ${name}\``, value]),
    ...Object.entries(defaultLimits).map(([name, value]): [string, number | null] => [`\`${name}\``, value]),
    ...Object.entries(addressDefaults).map(([name, value]): [string, number] => [`\`${name}\``, value]),
    ['`limits.bodyTimeout`', defaultBodyTimeoutMs / 1_000],
  ]
  for (const [name, value] of defaults) {
    const row = rows.find((cells) => cells[1] === name)
    expect(row, name).toBeDefined()
    if (value !== null) expect(row?.[2]).toContain(value.toLocaleString('en'))
  }
  for (const [name, value] of Object.entries(requestsPerMinuteOfProcess)) {
    const row = rows.find((cells) => cells[1] === `\`${name}\``)
    expect(row?.[3], name).toBe(value.toLocaleString('en'))
  }
})
