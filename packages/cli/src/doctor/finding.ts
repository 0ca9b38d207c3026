/** What one check of `focus doctor` found. */
export interface Finding {
  /** Stable name, such as `google.redirect_uri`. */
  readonly check: string
  /** `skipped`: there was nothing to look at, or no way to. */
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped'
  readonly message: string
  /** What to do about it. */
  readonly fix?: string
}

export function ok(check: string, message: string): Finding {
  return { check, status: 'ok', message }
}

export function warning(check: string, message: string, fix: string): Finding {
  return { check, status: 'warning', message, fix }
}

export function failed(check: string, message: string, fix: string): Finding {
  return { check, status: 'failed', message, fix }
}

export function skipped(check: string, message: string): Finding {
  return { check, status: 'skipped', message }
}

/** What mends a failure: Focus' own word where it has one for this very case, such as a package that is not installed. */
export function fixOf(error: unknown, otherwise: string): string {
  const { code, hint } = error instanceof Error ? (error as { code?: unknown; hint?: unknown }) : {}
  return code === 'missing_dependency' && typeof hint === 'string' ? hint : otherwise
}

/** The system's word for what went wrong, from wherever libraries hide it. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const inner = error instanceof AggregateError ? error.errors.find((one) => one instanceof Error) : error.cause
  const { code } = error as { code?: unknown }
  if (inner instanceof Error && (error.message === '' || error.message === 'fetch failed')) return reasonOf(inner)
  if (error.name === 'TimeoutError') return 'no answer in time'
  return typeof code === 'string' && !error.message.includes(code) ? `${code} ${error.message}`.trim() : error.message
}
