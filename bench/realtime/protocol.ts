/** What the runner asks of a server, and what it answers. */
export type Order =
  | {
      readonly op: 'rounds'
      readonly users: readonly number[]
      readonly rounds: number
      readonly perTurn: number
      readonly window: number
    }
  /** One notification, unmeasured. */
  | { readonly op: 'one'; readonly user: number }
  | { readonly op: 'memory' }
  /** Access tokens of as many people. */
  | { readonly op: 'tokens'; readonly count: number }
  | { readonly op: 'cpu' }

export type Answer =
  | { readonly op: 'listening'; readonly port: number; readonly controlPort: number }
  | {
      readonly op: 'rounds'
      readonly seconds: number
      readonly userCpuSeconds: number
      readonly systemCpuSeconds: number
    }
  | { readonly op: 'memory'; readonly rss: number }
  | { readonly op: 'tokens'; readonly tokens: readonly string[] }
  | { readonly op: 'cpu'; readonly seconds: number }

/** What makes a connection of a server ready. */
export type Greeting = 'focus' | 'socket.io' | 'none'

/** What the runner asks of the clients' process. */
export type ClientOrder =
  | {
      readonly op: 'connect'
      readonly port: number
      readonly controlPort: number
      readonly greeting: Greeting
      /** Token of each socket. */
      readonly tokens: readonly string[]
      readonly concurrency: number
    }
  /** Connects with each token and stays. */
  | {
      readonly op: 'storm'
      readonly port: number
      readonly greeting: Greeting
      readonly tokens: readonly string[]
      readonly concurrency: number
    }
  /** Closes the connections of the storm. */
  | { readonly op: 'leave' }
  /** From now on every `roundBytes` received in all are reported to the server as one round. */
  | { readonly op: 'count'; readonly roundBytes: number }
  | { readonly op: 'received' }

export type ClientAnswer =
  | { readonly op: 'connected'; readonly seconds: number }
  | { readonly op: 'stormed'; readonly seconds: number }
  | { readonly op: 'left' }
  | { readonly op: 'counting' }
  | { readonly op: 'received'; readonly bytes: number }
