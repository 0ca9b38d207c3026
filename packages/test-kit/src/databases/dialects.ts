import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { type Database, openDatabase } from '../../../core/src/storage/database.ts'
import { migrateToLatest } from '../../../core/src/storage/migrations/migrate.ts'
import { removeFolder, startMariadb, temporaryFolder } from '../servers/servers.ts'

export interface Databases {
  /** One that has never been used; returns its URL. */
  create(): Promise<string>
  /** The suite's own, without a row; returns its URL. Quicker than a new one. */
  empty(): Promise<string>
}

/** Runs a suite over every database. */
export function describeOverDatabases(name: string, suite: (databases: Databases) => void): void {
  describe(`${name} on SQLite`, () => {
    const folder = temporaryFolder('auth-sqlite')
    let count = 0
    afterAll(() => removeFolder(folder))
    suite(databasesOf(async () => `sqlite:${join(folder, `${(count += 1)}.db`)}`))
  })
  describe(`${name} on MariaDB`, () => {
    let server: Awaited<ReturnType<typeof startMariadb>> | undefined
    beforeAll(async () => {
      server = await startMariadb()
    })
    afterAll(async () => {
      await server?.stop()
    })
    suite(
      databasesOf(async () => {
        if (!server) throw new Error('MariaDB is not started yet.')
        return await server.createDatabase()
      }),
    )
  })
}

function databasesOf(create: () => Promise<string>): Databases {
  let url: string | undefined
  return {
    create,
    async empty() {
      url ??= await create()
      await removeRows(url)
      return url
    },
  }
}

const peopleTables = [
  'focus_users',
  'focus_accounts',
  'focus_unlinked_issuers',
  'focus_sessions',
  'focus_refresh_tokens',
  'focus_one_time',
] as const
const keyTables = ['focus_signing_keys', 'focus_meta'] as const

async function removeRows(url: string): Promise<void> {
  const database = await openDatabase(url)
  await migrateToLatest(database)
  await removePeople(database)
  for (const table of keyTables) await database.db.deleteFrom(table).execute()
  await database.close()
}

/** Everybody with their sessions and open sign-ins; what a running server needs to go on stays. */
export async function removePeople({ db }: Database): Promise<void> {
  for (const table of peopleTables) await db.deleteFrom(table).execute()
}
