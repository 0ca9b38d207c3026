/** Messages between the runner of the soak test and its two processes. */
export type SoakServerMessage =
  | { readonly op: 'ready'; readonly url: string; readonly tokens: readonly string[] }
  | {
      readonly op: 'report'
      readonly rss: number
      readonly heap: number
      readonly connections: number
      readonly sent: number
    }
  | { readonly op: 'stopped'; readonly heads: readonly number[] }

export interface SoakClientReport {
  readonly op: 'report'
  readonly received: number
  readonly lost: number
  readonly duplicated: number
  readonly reconnects: number
  readonly unrecovered: number
  readonly connected: number
  /** Highest received offset of each client. */
  readonly positions?: readonly number[]
}

export interface SoakOptions {
  readonly connections: number
  /** Notifications per second. */
  readonly rate: number
  /** Closed connections per second, half by the server and half by the client. */
  readonly kicks: number
}
