/** What this node did since it started. Plain numbers, so that counting costs nothing; metrics read them when asked. */
export class RealtimeCounters {
  connectionsOpened = 0
  /** Notifications written to connections. */
  deliveries = 0
  /** Of those, the ones that came from the log: resume, healing, slow readers. */
  replays = 0
  /** How often a connection fell behind. */
  lags = 0
  actions = 0
  errors = 0
  /** Streams found behind the log by healing. */
  healed = 0
  upgradesRefused = 0
  readonly closes = new Map<number, number>()

  closed(code: number): void {
    this.closes.set(code, (this.closes.get(code) ?? 0) + 1)
  }
}
