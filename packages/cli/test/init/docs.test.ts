import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { expect, test } from 'vitest'
import { Definer } from '../../src/definitions/define.ts'
import { defineInit } from '../../src/init/define.ts'
import { targetPaths } from '../../src/init/paths.ts'
import { rules } from '../../src/init/policy/index.ts'

/** Without the alignment of its tables. */
const page = readFileSync(new URL('../../../../docs/scaffold.md', import.meta.url), 'utf8').replaceAll(/ +/g, ' ')

function cell(words: string): string {
  return words.replaceAll('|', '\\|')
}

test('docs/scaffold.md names every rule with its words', () => {
  for (const { id, what, why } of rules) {
    expect(page).toContain(`| ${id} | ${cell(what)} | ${cell(why)} |`)
  }
})

test('docs/scaffold.md names every option and every file', () => {
  const program = new Command()
  defineInit(
    program,
    new Definer(() => {
      throw new Error('no command is run here')
    }),
  )
  const [init] = program.commands
  const options = init?.options.map(({ long }) => long ?? '') ?? []
  expect(options.length).toBeGreaterThan(15)
  expect(options.filter((option) => !page.includes(option))).toEqual([])
  expect(
    Object.values(targetPaths)
      .flat()
      .filter((path) => !page.includes(path)),
  ).toEqual([])
})
