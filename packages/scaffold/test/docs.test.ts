import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { targetPaths } from '../src/common/target-paths.ts'
import { rules } from '../src/policy/lint.ts'

/** The page without the alignment of its tables. */
const page = readFileSync(new URL('../../../docs/scaffold.md', import.meta.url), 'utf8').replaceAll(/ +/g, ' ')

function cell(words: string): string {
  return words.replaceAll('|', '\\|')
}

test('docs/scaffold.md describes every rule', () => {
  for (const { id, what, why } of rules) {
    expect(page).toContain(`| ${id} | ${cell(what)} | ${cell(why)} |`)
  }
})

test('docs/scaffold.md names every file', () => {
  const paths = Object.values(targetPaths).flat()
  expect(paths.filter((path) => !page.includes(path))).toEqual([])
})
