import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { optionPaths } from '../../packages/core/src/schema/option-checks.ts'
import { focusOptions } from '../../packages/core/src/options/schema.ts'
import { settings } from '../../packages/core/src/options/settings.ts'

const source = readFileSync(resolve(import.meta.dirname, '../../docs/environment.md'), 'utf8')
/** Without the spaces that align the tables. */
const page = source.replaceAll(/ +\|/g, ' |')

describe('docs/environment.md', () => {
  const variables = Object.values(settings).flatMap(({ env, option }) => env.map((name) => ({ name, option })))

  test.each(variables)('lists $name', ({ name, option }) => {
    // What only the environment can set has no option beside it.
    expect(page).toContain(option === '' ? `| \`${name}\` |` : `| \`${name}\` | \`${option}\` |`)
  })

  // docs/limits.md lists the counts.
  const counts = /^(?:websocket\.limits|rateLimits\.per\w+)\./
  const options = [...optionPaths(focusOptions).keys()].filter((path) => !counts.test(path))

  test.each(options)('A24: lists the option %s', (path) => {
    expect(page).toContain(`\`${path}\``)
  })
})
