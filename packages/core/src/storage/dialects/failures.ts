/** What a failed statement means for its transaction. */
export type Failure =
  /** The database rolled it back because of others' locks: at once again. */
  | 'contention'
  /** The connection is gone or cannot be made: again after a moment. */
  | 'connection'
  /** Nothing can be written: the disk is full, read-only or failing. No statement is at fault, and again will not help. */
  | 'unwritable'
  /** The statement itself is at fault. */
  | 'statement'

const contention = new Set([
  1205, // lock wait time-out
  1213, // deadlock
  1020, // record changed since last read (MariaDB 11, snapshot isolation)
])

const connectionErrnos = new Set([
  1040, // too many connections
  1053, // server shutdown in progress
  1152, // aborted connection
  1158,
  1159,
  1160,
  1161, // network read and write errors
  1203, // too many connections of this user
  1290, // read-only while a replica is promoted
  1317, // query interrupted
  1836, // read-only mode
  1927, // connection killed
])

const connectionCodes = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
  'PROTOCOL_ENQUEUE_AFTER_QUIT',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
  'ENOENT',
])

const unwritableErrnos = new Set([
  1021, // disk full
  1026, // error writing a file
  1114, // the table is full
])

export function classify(error: unknown): Failure {
  if (typeof error !== 'object' || error === null) return 'statement'
  const { errno, code, sqlState, fatal } = error as {
    errno?: unknown
    code?: unknown
    sqlState?: unknown
    fatal?: unknown
  }
  if (typeof code === 'string' && /^SQLITE_(BUSY|LOCKED)/.test(code)) return 'contention'
  if (typeof code === 'string' && /^SQLITE_(FULL|IOERR|READONLY|CORRUPT|NOTADB|CANTOPEN)/.test(code))
    return 'unwritable'
  if (typeof errno === 'number' && unwritableErrnos.has(errno)) return 'unwritable'
  if ((typeof errno === 'number' && contention.has(errno)) || sqlState === '40001') return 'contention'
  if (typeof errno === 'number' && connectionErrnos.has(errno)) return 'connection'
  if (fatal === true || (typeof code === 'string' && connectionCodes.has(code))) return 'connection'
  return messageOf(error).includes('closed state') ? 'connection' : 'statement'
}

/**
 * A driver's code in brackets, for a sentence about its error; empty when it has none. Never its message, which may name
 * hosts, users and files to whoever made the request.
 */
export function codeIn(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : ''
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
