/** The result of one check of `focus doctor`. */
export interface Finding {
  /** Stable name, such as `google.redirect_uri`. */
  readonly check: string
  /** `skipped`: there was nothing to check, or no way to check it. */
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped'
  readonly message: string
  /** How to fix the problem. */
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

/** Returns the fix for an error: the hint of Focus for a missing package, otherwise the given text. */
export function fixOf(error: unknown, otherwise: string): string {
  const { code, hint } = error instanceof Error ? (error as { code?: unknown; hint?: unknown }) : {}
  return code === 'missing_dependency' && typeof hint === 'string' ? hint : otherwise
}

/** Returns the system's reason for an error, wherever libraries store it. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const inner = error instanceof AggregateError ? error.errors.find((one) => one instanceof Error) : error.cause
  const { code } = error as { code?: unknown }
  if (inner instanceof Error && (error.message === '' || error.message === 'fetch failed')) return reasonOf(inner)
  if (error.name === 'TimeoutError') return 'no answer in time'
  return typeof code === 'string' && !error.message.includes(code) ? `${code} ${error.message}`.trim() : error.message
}
