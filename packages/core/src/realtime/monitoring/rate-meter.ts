import type { RealtimeCounters } from './realtime-counters.ts'

const windowMs = 60_000

interface Sample {
  readonly at: number
  readonly deliveries: number
  readonly actions: number
}

/** Computes rates over the last minute from samples of the counters. Times are on the monotonic clock. */
export class RateMeter {
  readonly #counters: RealtimeCounters
  #samples: Sample[] = []

  constructor(counters: RealtimeCounters) {
    this.#counters = counters
  }

  /** Takes a sample, at most one per second. */
  sample(now: number): void {
    const last = this.#samples.at(-1)
    if (last && now - last.at < 1_000) return
    this.#samples.push(this.#read(now))
    this.#expire(now)
  }

  /** Returns events per second. */
  rates(now: number): { deliveries: number; actions: number } {
    this.#expire(now)
    const [first] = this.#samples
    if (!first || now <= first.at) return { deliveries: 0, actions: 0 }
    const current = this.#read(now)
    const seconds = Math.max(1, (now - first.at) / 1_000)
    return {
      deliveries: (current.deliveries - first.deliveries) / seconds,
      actions: (current.actions - first.actions) / seconds,
    }
  }

  #read(at: number): Sample {
    return { at, deliveries: this.#counters.deliveries, actions: this.#counters.actions }
  }

  #expire(now: number): void {
    this.#samples = this.#samples.filter(({ at }) => now - at <= windowMs)
  }
}
