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

/** Reduces anything that was thrown, also errors of another realm and objects that are no errors. */
export function errorFields(error: unknown): ErrorFields {
  if (typeof error !== 'object' || error === null) return { name: typeof error, message: String(error) }
  const { name, message, code } = error as { readonly [Name in keyof ErrorFields]?: unknown }
  return {
    name: typeof name === 'string' ? name : 'object',
    message: typeof message === 'string' ? message : Object.prototype.toString.call(error),
    ...(typeof code === 'string' && { code }),
  }
}
