import { setTimeout as delay } from 'node:timers/promises'

/** Waits until the work has ended, well or not, but no longer than `ms` milliseconds. The work itself is not cancelled. */
export async function settledWithin(ms: number, work: Promise<unknown>): Promise<void> {
  const timer = new AbortController()
  const over = delay(ms, undefined, { signal: timer.signal, ref: false }).catch(() => undefined)
  await Promise.race([work.catch(() => undefined), over])
  timer.abort()
}
