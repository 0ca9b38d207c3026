import { FocusError } from '../../common/errors.ts'

/** Calls that share a transaction. */
export interface SharedWork<Call, Result> {
  /** Runs and commits all calls; rejects when nothing was written. */
  run(calls: readonly Call[]): Promise<Result>
  /** Called after the commit; must not throw. */
  committed(calls: readonly Call[], result: Result): void
  failed(call: Call, error: unknown): void
  /** Returns whether an error concerns all calls alike; errors of Focus do when absent. */
  concernsAll?(error: unknown): boolean
}

/**
 * Runs calls in one transaction, so that an error that one of them caused does not reach the others: after such an error,
 * each half runs in a transaction of its own.
 */
export async function runIsolated<Call, Result>(calls: readonly Call[], work: SharedWork<Call, Result>): Promise<void> {
  let result: Result
  try {
    result = await work.run(calls)
  } catch (error) {
    return isolate(calls, error, work)
  }
  work.committed(calls, result)
}

/** Runs the calls of a transaction that failed again, without those that made it fail. */
export async function isolate<Call, Result>(
  calls: readonly Call[],
  error: unknown,
  work: SharedWork<Call, Result>,
): Promise<void> {
  const concernsAll = work.concernsAll?.(error) ?? error instanceof FocusError
  if (calls.length === 1 || concernsAll) {
    for (const call of calls) work.failed(call, error)
    return
  }
  const middle = Math.ceil(calls.length / 2)
  await runIsolated(calls.slice(0, middle), work)
  await runIsolated(calls.slice(middle), work)
}
