/**
 * What a log line says of an error. An `Error` itself would be `{}` to a logger that writes JSON, and what hangs on it may
 * hold requests or connection settings: only its name, message and code are taken (S28).
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
