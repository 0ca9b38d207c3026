import { FocusError } from '../../common/errors.ts'

/** The meaning of a driver's error for the statement or transaction that it ended. */
export type Failure =
  /** Another transaction holds a lock. The database rolled this one back; it can be repeated immediately. */
  | 'contention'
  /** The connection is lost or cannot be opened. A later attempt may succeed. */
  | 'connection'
  /** The disk is full, read-only or failing. No statement is at fault, and repeating it does not help. */
  | 'unwritable'
  /** A unique key is taken. */
  | 'duplicate'
  /** The statement itself is at fault. */
  | 'statement'

/** Classifies an error of one database's driver. */
export type Classify = (error: unknown) => Failure

/** A failure of the database itself, whatever the statement was. */
type Outage = Exclude<Failure, 'duplicate' | 'statement'>

const reasons: Readonly<Record<Outage, { readonly message: string; readonly hint: string }>> = {
  connection: { message: 'The database does not answer', hint: 'Try again in a moment; `focus doctor` checks it.' },
  contention: {
    message: 'The database is locked by other transactions',
    hint: 'Try again in a moment. If it persists, look for a transaction that stays open.',
  },
  unwritable: {
    message: 'The database cannot write',
    hint: 'Check the free space on its disk, the permissions of its files, and the disk itself.',
  },
}

/** The server is a replica, or was demoted in a failover. */
const readOnlyCodes = new Set([
  '25006',
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION',
  'ER_READ_ONLY_MODE',
])
const readOnly = {
  message: 'The database is read-only',
  hint: 'After a failover, try again in a moment. Otherwise use the address of the primary server.',
}

/**
 * `storage_unavailable`: the database failed, not the statement. The message holds the driver's code but not its text, which
 * may name hosts, users and files; the driver's error is the `cause`.
 */
export class StorageError extends FocusError {
  readonly failure: Outage

  constructor(failure: Outage, cause: unknown) {
    const { message, hint } = readOnlyCodes.has(codeOf(cause)) ? readOnly : reasons[failure]
    super('storage_unavailable', `${message}${codeIn(cause)}.`, { hint, retryAfterSeconds: 5, cause })
    this.failure = failure
  }
}

/** A unique key is taken. Has the code of the driver's error, which is the `cause`. */
export class DuplicateKeyError extends Error {
  override readonly name = 'DuplicateKeyError'
  readonly code: string

  constructor(cause: unknown) {
    super(messageOf(cause), { cause })
    this.code = codeOf(cause)
  }
}

/** Messages of calls after `close()`, for which Kysely, mysql2 and pg have no class or code. */
const closedMessages: ReadonlySet<string> = new Set([
  'driver has already been destroyed',
  'Pool is closed.',
  'Cannot use a pool after calling end on the pool',
])

/**
 * Translates an error of a driver. Called once, where it leaves the driver; errors of Focus and errors that a statement
 * caused by itself pass unchanged.
 */
export function translateError(error: unknown, classify: Classify): unknown {
  if (error instanceof FocusError || error instanceof DuplicateKeyError) return error
  if (closedMessages.has(messageOf(error))) {
    return new FocusError('closed', 'The database is closed.', { cause: error })
  }
  const failure = classify(error)
  if (failure === 'statement') return error
  return failure === 'duplicate' ? new DuplicateKeyError(error) : new StorageError(failure, error)
}

/** Rejects with the translation of the error that `work` rejects with. */
export async function translatingErrors<T>(classify: Classify, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw translateError(error, classify)
  }
}

/** Returns the driver's own error behind a translated one. */
export function driverErrorOf(error: unknown): unknown {
  return error instanceof StorageError || error instanceof DuplicateKeyError ? error.cause : error
}

/** Returns a driver's code in brackets, for a sentence about its error; empty when it has none. */
export function codeIn(error: unknown): string {
  const code = codeOf(error)
  return code === '' ? '' : ` (${code})`
}

/** Returns a driver's code, such as `SQLITE_BUSY` or `ER_DUP_ENTRY`; empty when the error has none. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return ''
  return typeof error.code === 'string' ? error.code : ''
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
