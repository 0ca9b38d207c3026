import { isNetworkError } from '../servers/network-error.ts'
import { codeOf, type Failure, messageOf } from '../storage-error.ts'

const duplicateErrno = 1062

const contentionErrnos = new Set([
  1205, // lock wait time-out
  1213, // deadlock
  1020, // record changed since last read (MariaDB 11, snapshot isolation)
])

const connectionErrnos = new Set([
  1040, // too many connections
  1047, // the server has left its Galera cluster
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
])

const unwritableErrnos = new Set([
  1021, // disk full
  1026, // error writing a file
  1114, // the table is full
])

/** Classifies an error of mysql2 by the server's error number, its SQLSTATE, or the code of the driver or socket. */
export function classifyMysqlError(error: unknown): Failure {
  if (typeof error !== 'object' || error === null) return 'statement'
  const { errno, sqlState, fatal } = error as { errno?: unknown; sqlState?: unknown; fatal?: unknown }
  if (typeof errno === 'number') {
    if (errno === duplicateErrno) return 'duplicate'
    if (unwritableErrnos.has(errno)) return 'unwritable'
    if (contentionErrnos.has(errno)) return 'contention'
    if (connectionErrnos.has(errno)) return 'connection'
  }
  if (sqlState === '40001') return 'contention'
  if (fatal === true || connectionCodes.has(codeOf(error)) || isNetworkError(error)) return 'connection'
  return messageOf(error).includes('closed state') ? 'connection' : 'statement'
}
