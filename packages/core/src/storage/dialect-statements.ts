import { type InsertQueryBuilder, type InsertResult, type SelectQueryBuilder, sql, type UpdateObject } from 'kysely'
import type { Database } from './database.ts'
import type { FocusTables } from './tables.ts'

type Syntax = Pick<Database, 'syntax'>
type Insert<Table extends keyof FocusTables> = InsertQueryBuilder<FocusTables, Table, InsertResult>

/** Completes an insert: where a row with its key exists, it changes nothing. */
export function orIgnore<Table extends keyof FocusTables>({ syntax }: Syntax, insert: Insert<Table>): Insert<Table> {
  return syntax.upsert === 'on duplicate key' ? insert.ignore() : insert.onConflict((conflict) => conflict.doNothing())
}

/** Completes an insert: where a row with its `keys` exists, it sets `values` in that row. */
export function orUpdate<Table extends keyof FocusTables>(
  { syntax }: Syntax,
  insert: Insert<Table>,
  keys: readonly (keyof FocusTables[Table] & string)[],
  values: UpdateObject<FocusTables, Table, Table>,
): Insert<Table> {
  if (syntax.upsert === 'on duplicate key') return insert.onDuplicateKeyUpdate(values)
  // Kysely's type of the values differs only by the inserted row, `excluded`.
  return insert.onConflict((conflict) => conflict.columns(keys).doUpdateSet(values as never))
}

/** Locks the rows that a query of a transaction finds. On SQLite a transaction that writes is alone. */
export function lockRows<Table extends keyof FocusTables, Row>(
  { syntax }: Syntax,
  query: SelectQueryBuilder<FocusTables, Table, Row>,
): SelectQueryBuilder<FocusTables, Table, Row> {
  return syntax.rowLocks ? query.forUpdate() : query
}

/** Inserts a row and returns the id that the database gave it. */
export async function insertedId<Table extends 'focus_users' | 'focus_nodes'>(
  { syntax }: Syntax,
  insert: Insert<Table>,
): Promise<number> {
  if (!syntax.returning) return Number((await insert.executeTakeFirstOrThrow()).insertId)
  const { id } = await insert.returning(sql`id`.as('id')).executeTakeFirstOrThrow()
  return Number(id)
}
