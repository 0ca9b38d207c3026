import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const folder = resolve(import.meta.dirname, '../../.changeset')
const names = readdirSync(folder).filter((name) => name.endsWith('.md') && name !== 'README.md')

describe('a changeset', () => {
  // After a release there is none until the next change.
  for (const name of names) {
    test(`${name} says which packages it is about, and what changed`, () => {
      const text = readFileSync(resolve(folder, name), 'utf8')
      expect(text).toMatch(
        /^---\n(?:'@focus-api\/(?:core|adapters|client|cli|scaffold)': (?:major|minor|patch)\n)+---\n\n\S/,
      )
    })
  }
  test('has a folder that is read', () => {
    expect(readdirSync(folder)).toContain('config.json')
  })
})
