import { isNetworkError } from '../servers/network-error.ts'
import { codeOf, type Failure, messageOf } from '../storage-error.ts'

const duplicate = '23505'

const contention = new Set([
  '40001', // serialization failure
  '40P01', // deadlock
  '55P03', // lock not available within `lock_timeout`
])

const connection = new Set([
  '25006', // read-only transaction: a standby, or a server that was demoted
  '25P03', // the session was ended: idle in a transaction
  '40003', // statement completion unknown
  '53200', // out of memory
  '53300', // too many connections
  '57014', // the statement was cancelled
  '57P01', // shutdown by an administrator, or the session was ended
  '57P02', // crash of another session
  '57P03', // the server starts up, shuts down or recovers
  '57P05', // the session was idle for too long
])

const unwritable = new Set([
  '53100', // disk full
  '58030', // the disk failed
  'XX001', // data corrupted
  'XX002', // index corrupted
])

/** Errors of the driver itself have a text, but no code. */
const lostConnection =
  /^Connection terminated|^Client (was closed|has encountered a connection error)|^timeout e|server does not support SSL/

/** Classifies an error of pg by the server's SQLSTATE, its severity, or the code or text of the driver or socket. */
export function classifyPostgresError(error: unknown): Failure {
  const code = codeOf(error)
  if (code === duplicate) return 'duplicate'
  if (contention.has(code)) return 'contention'
  if (unwritable.has(code)) return 'unwritable'
  if (connection.has(code) || code.startsWith('08') || isFatal(error) || isNetworkError(error)) return 'connection'
  return lostConnection.test(messageOf(error)) ? 'connection' : 'statement'
}

/** The server ends a session after a fatal error, such as a wrong password. */
function isFatal(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('severity' in error)) return false
  return error.severity === 'FATAL' || error.severity === 'PANIC'
}
