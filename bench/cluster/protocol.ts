/** Messages between the runner of the cluster benchmark and its nodes. Times are of the monotonic clock, which processes share. */
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
