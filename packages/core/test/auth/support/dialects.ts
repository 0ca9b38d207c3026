import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { removeFolder, startMariadb, temporaryFolder } from '../../../../../test/support/servers.ts'

/** Runs a suite over every database; `newDatabase` makes an empty one and returns its URL. */
export function describeOverDatabases(name: string, suite: (newDatabase: () => Promise<string>) => void): void {
  describe(`${name} on SQLite`, () => {
    const folder = temporaryFolder('auth-sqlite')
    let count = 0
    afterAll(() => removeFolder(folder))
    suite(async () => `sqlite:${join(folder, `${(count += 1)}.db`)}`)
  })
  describe(`${name} on MariaDB`, () => {
    let server: Awaited<ReturnType<typeof startMariadb>> | undefined
    beforeAll(async () => {
      server = await startMariadb()
    })
    afterAll(async () => {
      await server?.stop()
    })
    suite(async () => {
      if (!server) throw new Error('MariaDB is not started yet.')
      return await server.createDatabase()
    })
  })
}
