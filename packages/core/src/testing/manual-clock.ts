/** A clock that moves only when a test moves it. */
export interface ManualClock {
  /** Returns the current time of the clock, in milliseconds since 1970. */
  (): number
  /** Moves the clock forward, or back by a negative number of milliseconds. */
  advance(ms: number): void
}

/**
 * Makes a clock for `createFocus({ clock })`, so that a test decides what time it is.
 *
 * Timers are not affected: Focus looks at due work about once a second of real time, and reads this clock then.
 *
 * @param start milliseconds since 1970; the real time when absent
 * @throws RangeError when `start` or a step is not a finite number
 *
 * @example
 * ```ts
 * const clock = manualClock()
 * const focus = await createFocus({ database: 'sqlite::memory:', clock })
 * await focus.notifications.notifyUser({ userId: 7, title: 'Later', message: '…', deliverAt: new Date(clock() + 60_000) })
 * clock.advance(60_000)
 * await focus.notifications.sequence()
 * ```
 */
export function manualClock(start: number = Date.now()): ManualClock {
  let now = finite('start', start)
  const advance = (ms: number) => {
    now += finite('ms', ms)
  }
  return Object.assign(() => now, { advance })
}

function finite(name: string, value: number): number {
  if (Number.isFinite(value)) return value
  throw new RangeError(`${name}: expected a finite number of milliseconds, got ${value}.`)
}
