import { StorageError } from './dialects/storage-error.ts'

const maxAttempts = 5
/** No attempt starts later than this: callers wait 10 s at most. */
const patienceMs = 5_000

/**
 * Runs a short transaction again when it lost to another one: in a deadlock, after waiting for a lock, or on a busy file.
 * `work` must be safe to repeat, because it was rolled back.
 */
export async function retryOnConflict<T>(work: () => Promise<T>): Promise<T> {
  const until = performance.now() + patienceMs
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (attempt === maxAttempts || performance.now() > until || !isConflict(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * attempt))
    }
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof StorageError && error.failure === 'contention'
}
