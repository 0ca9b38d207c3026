/**
 * Port: how a database tells a node that another one has committed. A signal may be lost or come without a reason; the tail
 * polls as well, more slowly.
 */
export interface WakeUpSignal {
  /** Whether signals arrive now. While they do not, the tail polls as if there were none. */
  readonly heard: boolean
  /** Whether a node that is alone is told when another one writes its first row. */
  readonly hearsOthers: boolean
  /** Starts to listen, and calls `woken` for each signal. Called once; does not wait and does not throw. */
  listen(woken: () => void): void
  /** Listens only while there are other nodes, where listening has a cost. */
  attend(others: boolean): void
  /** Wakes the other nodes after a commit. Does not wait and does not throw; several calls may become one signal. */
  send(): void
  close(): Promise<void>
}
