import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { withOptionTables } from '../../packages/core/scripts/environment-tables.ts'
import { focusOptions, optionTables } from '../../packages/core/src/options/schema.ts'
import { optionPaths } from '../../packages/core/src/schema/option-checks.ts'
import { type OptionTable, variablesOf } from '../../packages/core/src/schema/option-table.ts'

const source = readFileSync(resolve(import.meta.dirname, '../../docs/environment.md'), 'utf8')
/** Without the spaces that align the tables. */
const page = source.replaceAll(/ +\|/g, ' |')

describe('docs/environment.md', () => {
  test('has the tables that the options describe; `npm run protocol` writes them', () => {
    expect(source).toBe(withOptionTables(source))
  })

  const definitions = Object.values<OptionTable>(optionTables).flatMap((table) => Object.values(table))
  const variables = definitions.flatMap((definition) =>
    variablesOf(definition).map((name) => ({ name, option: definition.path })),
  )

  test.each(variables)('lists $name', ({ name, option }) => {
    // Variables without an option have no path beside them.
    expect(page).toContain(option === undefined ? `| \`${name}\` |` : `| \`${name}\` | \`${option}\` |`)
  })

  // docs/limits.md lists the counts.
  const counts = /^(?:websocket\.limits|rateLimits\.per\w+)\./
  const options = [...optionPaths(focusOptions).keys()].filter((path) => !counts.test(path))

  test.each(options)('A24: lists the option %s', (path) => {
    expect(page).toContain(`\`${path}\``)
  })
})
