import { codeOf } from '../storage-error.ts'

const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
  'ENOENT', // the socket file of a local server
])

/** Returns whether an error has the code of a socket or resolver that could not reach the database. */
export function isNetworkError(error: unknown): boolean {
  return networkCodes.has(codeOf(error))
}
