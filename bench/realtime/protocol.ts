/** Requests of the runner to a server, and their answers. */
export type Order =
  | {
      readonly op: 'rounds'
      readonly users: readonly number[]
      readonly rounds: number
      readonly perTurn: number
      readonly window: number
    }
  /** Sends one notification without a measurement. */
  | { readonly op: 'one'; readonly user: number }
  | { readonly op: 'memory' }
  /** Creates access tokens of `count` users. */
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

/** Sign of a server that a connection is ready. */
export type Greeting = 'focus' | 'socket.io' | 'none'

/** Requests of the runner to the process of the clients. */
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
  /** Starts to report each `roundBytes` of received bytes to the server as one round. */
  | { readonly op: 'count'; readonly roundBytes: number }
  | { readonly op: 'received' }

export type ClientAnswer =
  | { readonly op: 'connected'; readonly seconds: number }
  | { readonly op: 'stormed'; readonly seconds: number }
  | { readonly op: 'left' }
  | { readonly op: 'counting' }
  | { readonly op: 'received'; readonly bytes: number }
