/** Messages between the runner of the cluster benchmark and its processes. Times are of the monotonic clock, which processes share. */
export type ContestantName = 'focus' | 'focus hub' | 'socket.io'

export interface NodeArguments {
  readonly contestant: ContestantName
  readonly databaseUrl: string
  readonly redisUrl: string | null
}

export type NodeOrder =
  | { readonly op: 'tokens'; readonly count: number }
  /** One notification at a time to random users, with a pause after each. */
  | { readonly op: 'trickle'; readonly users: readonly number[]; readonly count: number; readonly pauseMs: number }
  /** As fast as possible, with at most `window` that are not committed, or not delivered where nothing is stored. */
  | { readonly op: 'flood'; readonly users: readonly number[]; readonly count: number; readonly window: number }
  | { readonly op: 'usage' }

export type NodeAnswer =
  | { readonly op: 'ready'; readonly port: number; readonly controlPort: number }
  | { readonly op: 'tokens'; readonly tokens: readonly string[] }
  | { readonly op: 'trickled' }
  | { readonly op: 'flooded'; readonly startedMs: number }
  | { readonly op: 'usage'; readonly cpuSeconds: number; readonly received: number }

export type ClientOrder =
  | {
      readonly op: 'connect'
      readonly greeting: 'focus' | 'socket.io'
      readonly sockets: readonly { readonly port: number; readonly token: string }[]
      /** Gets one byte for each `ackEvery` frames. */
      readonly controlPort: number
    }
  /** Counts from 0; with `latency`, also reads the time of each notification. */
  | { readonly op: 'count'; readonly expected: number; readonly latency: boolean }

export type ClientAnswer =
  | { readonly op: 'connected' }
  | { readonly op: 'counting' }
  | { readonly op: 'counted'; readonly atMs: number; readonly latenciesMs: readonly number[] }

/** Frames for each byte on the control connection. */
export const ackEvery = 16

/** Milliseconds of the monotonic clock. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
