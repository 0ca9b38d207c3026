import { afterAll, beforeAll, describe, test } from 'vitest'
import { openDatabase } from '../../../core/src/storage/database.ts'
import { migrateToLatest } from '../../../core/src/storage/migrations/migrate.ts'
import { type DatabaseName, databaseNames, selectedDatabases } from './database-filter.ts'
import {
  type DatabaseKind,
  databaseKinds,
  type DatabaseServer,
  newestPostgres,
  type OwnServer,
  type ServerName,
  serverNames,
  startServer,
} from './database-kinds.ts'
import { removeRows } from './remove-rows.ts'

/** The databases of one kind that a suite works on. */
export interface Databases {
  readonly kind: DatabaseName
  /** Creates a database without tables and returns its URL. */
  create(): Promise<string>
  /** Returns the URL of the suite's own database after removing its rows. Faster than a new one. */
  empty(): Promise<string>
}

const selected = selectedDatabases(process.env['DATABASES'])

/**
 * Runs a suite over every database that `DATABASES` selects; by default over all.
 *
 * @param options `alsoNewest`: once more on the newest version of PostgreSQL
 */
export function describeOverDatabases(
  name: string,
  suite: (databases: Databases) => void,
  options: { readonly alsoNewest?: boolean } = {},
): void {
  const run = (kind: DatabaseName, server: DatabaseKind) =>
    describeOnDatabase(kind)(`${name} on ${server.title}`, () => suite(databasesOf(kind, server)))
  for (const kind of databaseNames) run(kind, databaseKinds[kind])
  if (options.alsoNewest) run('postgres', newestPostgres)
}

/** A private server of one kind. */
export interface ServerUnderTest {
  readonly kind: ServerName
  /** Starts another one each time. */
  readonly start: () => Promise<OwnServer>
}

/** Runs a suite that kills or freezes its server over every server database that `DATABASES` selects. */
export function describeOverServers(name: string, suite: (server: ServerUnderTest) => void): void {
  for (const kind of serverNames) {
    describeOnDatabase(kind)(`${name} on ${databaseKinds[kind].title}`, () => suite({ kind, start: startServer[kind] }))
  }
}

/** Returns `describe` for a suite that needs one database; it skips the suite when `DATABASES` leaves that database out. */
export function describeOnDatabase(kind: DatabaseName): ReturnType<typeof describe.skipIf> {
  return describe.skipIf(!selected.has(kind))
}

/** Returns `test` for a test that needs one database; it skips the test when `DATABASES` leaves that database out. */
export function testOnDatabase(kind: DatabaseName): ReturnType<typeof test.skipIf> {
  return test.skipIf(!selected.has(kind))
}

function databasesOf(kind: DatabaseName, source: DatabaseKind): Databases {
  let server: DatabaseServer | undefined
  let url: string | undefined
  beforeAll(async () => {
    server = await source.start()
  })
  afterAll(() => server?.stop())

  async function create(): Promise<string> {
    if (!server) throw new Error(`${source.title} is not started yet: create databases in hooks or tests.`)
    return server.createDatabase()
  }
  async function empty(): Promise<string> {
    url ??= await create()
    const database = await openDatabase(url)
    await migrateToLatest(database)
    await removeRows(database)
    await database.close()
    return url
  }
  return { kind, create, empty }
}
