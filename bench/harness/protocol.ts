/** The server that a process starts. */
export interface ServerArguments {
  readonly contestant: string
  /** URL of the database of contestants that store; a new SQLite file when absent. */
  readonly database?: string
}

/** One load: calls of one kind, with a limited number in flight, for a time. */
export interface Load {
  /** `notify` sends to a random user, `broadcast` to all, `write` writes `rowsPerCall` rows with the bare driver. */
  readonly call: 'notify' | 'broadcast' | 'write'
  /** Number of users that a random one is taken from. */
  readonly users: number
  /** Frames that arrive for each call; 0 without sockets. */
  readonly framesPerCall: number
  /** Calls in flight at most. A call is in flight until it is stored, where it is, and its frames have arrived. */
  readonly window: number
  /** Calls that start together: a turn waits until there is room for so many. */
  readonly burst: number
  /** Calls of one turn of the event loop at most. */
  readonly perTurn: number
  readonly seconds: number
  readonly rowsPerCall?: number
}

/** Requests of the runner to a server, and their answers. */
export type Order =
  | ({ readonly op: 'load' } & Load)
  | { readonly op: 'memory' }
  /** Writes a snapshot of the heap to a file. */
  | { readonly op: 'snapshot'; readonly file: string }
  /** Returns access tokens of `count` users, numbered from 0. */
  | { readonly op: 'tokens'; readonly count: number }
  | { readonly op: 'cpu' }
  /** Returns how many statements the process has given to SQLite, with all its threads. */
  | { readonly op: 'statements' }
  /** Sends one notification to each of `users` users, so that each has a stream. */
  | { readonly op: 'streams'; readonly users: number }

export type Answer =
  | { readonly op: 'listening'; readonly port: number; readonly controlPort: number }
  | {
      readonly op: 'load'
      readonly calls: number
      readonly seconds: number
      readonly userCpuSeconds: number
      readonly systemCpuSeconds: number
      /** Share of the time that the event loop of the main thread was busy. */
      readonly mainThread: number
    }
  | { readonly op: 'memory'; readonly rss: number }
  | { readonly op: 'snapshot' }
  | { readonly op: 'tokens'; readonly tokens: readonly string[] }
  | { readonly op: 'cpu'; readonly seconds: number }
  | { readonly op: 'statements'; readonly count: number }
  | { readonly op: 'streams' }
  | { readonly op: 'failed'; readonly message: string }

/** Sign of a server that a connection is ready. */
export type Greeting = 'focus' | 'socket.io' | 'none'

export interface SocketAddress {
  readonly port: number
  readonly token: string
}

/** Requests of the runner to the process of the clients. */
export type ClientOrder =
  /** Opens sockets and keeps them. */
  | {
      readonly op: 'connect'
      /** Gets the number of all frames after each turn that received some; null to tell nobody. */
      readonly controlPort: number | null
      readonly greeting: Greeting
      readonly sockets: readonly SocketAddress[]
      readonly concurrency: number
    }
  /** Closes all connections. */
  | { readonly op: 'leave' }
  /** Returns what has arrived since the last request. */
  | { readonly op: 'received' }
  /** Counts from now on. With `times`, also reads when each notification was sent, which costs more. */
  | { readonly op: 'expect'; readonly frames: number; readonly times: boolean }

export type ClientAnswer =
  | { readonly op: 'connected'; readonly seconds: number }
  | { readonly op: 'left' }
  | { readonly op: 'received'; readonly frames: number; readonly bytes: number }
  | { readonly op: 'expecting' }
  /** All expected frames have arrived, the last one at this time. */
  | { readonly op: 'arrived'; readonly atMs: number; readonly latenciesMs: readonly number[] }
  | { readonly op: 'failed'; readonly message: string }

/** Shorter messages, such as heartbeats and acknowledgements, are not notifications. */
export const smallestNotification = 200

/** Milliseconds of the monotonic clock, which processes share. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
