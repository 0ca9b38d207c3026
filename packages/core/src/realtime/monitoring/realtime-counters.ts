/** Counts the work of this node since it started. Plain numbers, so that counting costs almost nothing. */
export class RealtimeCounters {
  connectionsOpened = 0
  /** Notifications written to connections. */
  deliveries = 0
  /** The part of `deliveries` that was read from the log: resume, healing, slow readers. */
  replays = 0
  /** Times that a connection fell behind. */
  lags = 0
  actions = 0
  errors = 0
  /** Streams that the healer found behind the log. */
  healed = 0
  upgradesRefused = 0
  readonly closes = new Map<number, number>()

  closed(code: number): void {
    this.closes.set(code, (this.closes.get(code) ?? 0) + 1)
  }
}
