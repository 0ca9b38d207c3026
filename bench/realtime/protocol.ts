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

export type Answer =
  | { readonly op: 'listening'; readonly port: number; readonly controlPort: number }
  | {
      readonly op: 'rounds'
      readonly seconds: number
      readonly userCpuSeconds: number
      readonly systemCpuSeconds: number
    }
  | { readonly op: 'memory'; readonly rss: number }

/** What makes a connection of a server ready. */
export type Greeting = 'focus' | 'socket.io' | 'none'

/** What the runner asks of the clients' process. */
export type ClientOrder =
  | {
      readonly op: 'connect'
      readonly port: number
      readonly controlPort: number
      readonly greeting: Greeting
      /** User of each socket. */
      readonly users: readonly number[]
      readonly concurrency: number
    }
  /** From now on every `roundBytes` received in all are reported to the server as one round. */
  | { readonly op: 'count'; readonly roundBytes: number }
  | { readonly op: 'received' }

export type ClientAnswer =
  | { readonly op: 'connected'; readonly seconds: number }
  | { readonly op: 'counting' }
  | { readonly op: 'received'; readonly bytes: number }
