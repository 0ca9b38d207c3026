/**
 * An error in a log line. `JSON.stringify` turns an `Error` into `{}`, and its further properties may hold requests or
 * connection settings: only its name, message and code are kept (S28).
 */
export interface ErrorFields {
  readonly name: string
  readonly message: string
  /** Such as `storage_unavailable`, `ECONNREFUSED` or `SQLITE_BUSY`. */
  readonly code?: string
}

export function errorFields(error: unknown): ErrorFields {
  if (!(error instanceof Error)) return { name: typeof error, message: String(error) }
  const { name, message } = error
  return 'code' in error && typeof error.code === 'string' ? { name, message, code: error.code } : { name, message }
}
