import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { expect, test } from 'vitest'
import { Definer } from '../../src/commands/define.ts'
import { defineInit } from '../../src/commands/init/define-init.ts'

const page = readFileSync(new URL('../../../../docs/scaffold.md', import.meta.url), 'utf8')

test('docs/scaffold.md names every option', () => {
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
})
