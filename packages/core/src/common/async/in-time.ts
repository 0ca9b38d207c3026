/** The answer, or what `overdue` makes where it takes longer than `ms`; what was asked goes on all the same. */
export function inTime<T>(answer: Promise<T>, ms: number, overdue: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(overdue()), ms)
    timer.unref()
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
