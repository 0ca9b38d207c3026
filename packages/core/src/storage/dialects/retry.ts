const attempts = 5
/** No attempt begins after this: callers are told after 10 seconds, and nothing is done for those that are gone. */
const patienceMs = 5_000

/**
 * Runs a short transaction again when the database chose it as the victim of a deadlock, gave up waiting for a lock, or
 * found the file busy. `work` must be safe to repeat: it was rolled back.
 */
export async function retryOnConflict<T>(work: () => Promise<T>): Promise<T> {
  const until = performance.now() + patienceMs
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (attempt === attempts || performance.now() > until || !isConflict(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * attempt))
    }
  }
}

/** Whether an insert or update failed because a unique key is taken. */
export function isDuplicate(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ER_DUP_ENTRY' || code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY'
}

function isConflict(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ER_LOCK_DEADLOCK' || code === 'ER_LOCK_WAIT_TIMEOUT' || code.startsWith('SQLITE_BUSY')
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
}
