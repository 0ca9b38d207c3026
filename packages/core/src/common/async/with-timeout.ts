/** Rejects with `overdue()` if the answer takes longer than `ms` milliseconds. The work itself is not cancelled. */
export function withTimeout<T>(answer: Promise<T>, ms: number, overdue: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(overdue()), ms)
    timer.unref()
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
