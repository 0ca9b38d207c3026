import { codeOf, type Failure } from '../storage-error.ts'

/** Tells what an error of better-sqlite3 means, by SQLite's result code (https://www.sqlite.org/rescode.html). */
export function classifySqliteError(error: unknown): Failure {
  const code = codeOf(error)
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return 'contention'
  if (/^SQLITE_(FULL|IOERR|READONLY|CORRUPT|NOTADB|CANTOPEN)/.test(code)) return 'unwritable'
  return /^SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY)$/.test(code) ? 'duplicate' : 'statement'
}
