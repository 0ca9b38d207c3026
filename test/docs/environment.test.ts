import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { settings } from '../../packages/core/src/options/settings.ts'

const source = readFileSync(resolve(import.meta.dirname, '../../docs/environment.md'), 'utf8')
/** Without the spaces that align the tables. */
const page = source.replaceAll(/ +\|/g, ' |')

describe('docs/environment.md', () => {
  it.each(Object.values(settings).filter(({ env }) => env.length > 0))('lists $option', ({ option, env }) => {
    for (const name of env) expect(page).toContain(`| \`${name}\` | \`${option}\` |`)
  })
})
