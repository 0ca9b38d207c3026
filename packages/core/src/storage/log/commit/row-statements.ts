import type { LogEntry, WaitingTable } from '../../../notifications/log-entry-port.ts'
import type { BatchSession, RowStatement, SqlRow, SqlValue } from '../../dialects/batch/batch-session.ts'

export const waitingTables = ['pending', 'scheduled', 'deferred', 'parked'] as const

export function sourceIds(entries: readonly LogEntry[], table: WaitingTable): string[][] {
  return entries.flatMap(({ source }) => (source?.table === table ? [[source.id]] : []))
}

/** Runs a statement for rows, if there are any. */
export async function runFor(
  session: BatchSession,
  statement: RowStatement,
  rows: readonly (readonly SqlValue[])[],
): Promise<SqlRow[]> {
  return rows.length === 0 ? [] : session.run(statement, rows)
}

/** Runs a statement whose rows nobody reads, if there are rows to run it for. */
export async function writeFor(
  session: BatchSession,
  statement: RowStatement,
  rows: readonly (readonly SqlValue[])[],
): Promise<void> {
  if (rows.length > 0) await session.write(statement, rows)
}
