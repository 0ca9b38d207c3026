import { afterEach, expect, test } from 'vitest'
import { openDatabase } from '../../src/storage/database.ts'

const { node } = process.versions
const pretend = (version: string) => Object.defineProperty(process.versions, 'node', { value: version })

afterEach(() => pretend(node))

test.each(['18.20.8', '20.20.2', '22.11.0'])('Node %s is refused before SQLite crashes it', async (version) => {
  pretend(version)
  await expect(openDatabase('sqlite::memory:')).rejects.toMatchObject({
    code: 'missing_dependency',
    message: `SQLite needs Node 22.12 or newer; this is Node ${version}.`,
  })
})

test.each(['22.12.0', '24.0.0', '26.1.0-nightly'])('Node %s opens SQLite', async (version) => {
  pretend(version)
  const database = await openDatabase('sqlite::memory:')
  await database.close()
})
