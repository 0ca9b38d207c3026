import { sql, type Transaction } from 'kysely'
import { FocusError } from '../../common/errors.ts'
import type { FocusTables } from '../tables.ts'

type Trx = Transaction<FocusTables>

/**
 * Runs `work`, which may drop and create a table of Focus, so that no foreign key of the application acts on it: SQLite deletes the
 * rows of a table before it drops it, and `on delete cascade` would delete rows of the application with them.
 *
 * @param trx has the lock for writers, and no changes. With foreign keys it loses the lock in between, and `work` runs in a
 *   transaction of the same connection that is committed already when this resolves.
 * @throws FocusError `storage_unavailable`, before `work` runs, when the connection keeps its foreign keys on; and after it was rolled
 *   back, when rows of the application would refer to nothing
 */
export async function withoutForeignKeys<T>(trx: Trx, table: string, work: () => Promise<T>): Promise<T> {
  if ((await referringTables(trx, table)).length === 0 || !(await enforcesForeignKeys(trx))) return work()
  // SQLite ignores the pragma within a transaction.
  await run(trx, 'commit')
  try {
    await run(trx, 'pragma foreign_keys = off')
    return await inOwnTransaction(trx, async () => {
      if (await enforcesForeignKeys(trx)) throw cannotSwitchOff(table)
      const before = await countViolations(trx, table)
      const result = await work()
      const broken = (await countViolations(trx, table)) - before
      if (broken > 0) throw new FocusError('storage_unavailable', `${broken} references to ${table} would break.`)
      return result
    })
  } finally {
    await run(trx, 'pragma foreign_keys = on')
    // The caller ends a transaction.
    await run(trx, 'begin')
  }
}

/** Returns the statements that create the indexes and triggers of a table, except those whose names are in `own`. */
export async function dependentsOf(trx: Trx, table: string, own: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ sql: string }>`
    select sql from sqlite_master
    where type in ('index', 'trigger') and lower(tbl_name) = ${table} and sql is not null and name not in (${sql.join(own)})
    order by type, name
  `.execute(trx)
  return rows.map((row) => row.sql)
}

async function inOwnTransaction<T>(trx: Trx, work: () => Promise<T>): Promise<T> {
  await run(trx, 'begin immediate')
  try {
    const result = await work()
    await run(trx, 'commit')
    return result
  } catch (error) {
    // On a full disk, SQLite has rolled back by itself.
    await run(trx, 'rollback').catch(() => undefined)
    throw error
  }
}

async function referringTables(trx: Trx, table: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select distinct m.name from sqlite_master m join pragma_foreign_key_list(m.name) f
    where m.type = 'table' and lower(f."table") = ${table}
  `.execute(trx)
  return rows.map(({ name }) => name)
}

/** Counts rows that refer to no row of the table. */
async function countViolations(trx: Trx, table: string): Promise<number> {
  let count = 0
  for (const name of await referringTables(trx, table)) {
    const { rows } = await sql<{ count: number }>`
      select count(*) as count from pragma_foreign_key_check(${name}) where lower(parent) = ${table}
    `.execute(trx)
    count += rows[0]?.count ?? 0
  }
  return count
}

async function enforcesForeignKeys(trx: Trx): Promise<boolean> {
  const { rows } = await sql<{ foreign_keys: number }>`pragma foreign_keys`.execute(trx)
  return rows[0]?.foreign_keys === 1
}

function cannotSwitchOff(table: string): FocusError {
  return new FocusError(
    'storage_unavailable',
    `Tables of the application refer to ${table}, and this connection does not switch off its foreign keys.`,
    { hint: 'Run `npx focus migrate` with DATABASE_URL=sqlite:<file> once, then start again.' },
  )
}

async function run(trx: Trx, statement: string): Promise<void> {
  await sql.raw(statement).execute(trx)
}
