import { isNetworkError } from '../servers/network-error.ts'
import { codeOf, type Failure } from '../storage-error.ts'

/** Classifies an error by SQLite's result code (https://www.sqlite.org/rescode.html) or the code of a socket. */
export function classifySqliteError(error: unknown): Failure {
  const code = codeOf(error)
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return 'contention'
  if (/^SQLITE_(FULL|IOERR|READONLY|CORRUPT|NOTADB|CANTOPEN)/.test(code)) return 'unwritable'
  if (/^SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY)$/.test(code)) return 'duplicate'
  // An application's own Kysely may reach its SQLite database over the network.
  return isNetworkError(error) ? 'connection' : 'statement'
}
