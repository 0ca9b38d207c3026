import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'
import type { Environment } from '../terminal/context.ts'
import { CommandFailure, usageFailure } from '../terminal/failure.ts'

const MAX_WORKERS = 128

/**
 * Returns the number of worker processes: `--workers`, otherwise `FOCUS_WORKERS`, otherwise 1. `auto` means one for each
 * core that this process may use.
 *
 * @throws CommandFailure `usage` or `invalid_option`
 */
export function readWorkerCount(flag: string | undefined, variable: Environment[string]): number {
  const text = flag ?? (variable?.trim() || '1')
  const count = countOf(text)
  const expected = `expected a whole number from 1 to ${MAX_WORKERS} or auto, got ${JSON.stringify(text)}`
  if (count === null) {
    if (flag !== undefined) throw usageFailure(`--workers: ${expected}.`)
    throw new CommandFailure('invalid_option', `FOCUS_WORKERS: ${expected}.`)
  }
  if (count > 1 && cluster.isWorker) {
    throw usageFailure(
      'This process is a worker of node:cluster already, and a worker cannot start workers.',
      'Start one process in fork mode, or run each of them with --workers 1.',
    )
  }
  return count
}

/**
 * Refuses a database that each worker would have for itself.
 *
 * @throws CommandFailure `invalid_option`
 */
export function assertSharedDatabase(database: unknown, workers: number): void {
  if (typeof database !== 'string' || !/^sqlite:(?:\/\/)?:memory:$/.test(database)) return
  throw new CommandFailure(
    'invalid_option',
    `DATABASE_URL: an in-memory SQLite database belongs to one process, and ${workers} workers need a shared one.`,
    { hint: 'Use a file such as sqlite:focus.db, MySQL or PostgreSQL, or --workers 1.' },
  )
}

function countOf(text: string): number | null {
  if (text === 'auto') return Math.min(availableParallelism(), MAX_WORKERS)
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0
  return count >= 1 && count <= MAX_WORKERS ? count : null
}
