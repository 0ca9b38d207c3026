import { withTimeout } from '../../common/async/with-timeout.ts'
import { FocusError } from '../../common/errors.ts'
import type { RedisCredentials, RedisServer } from './redis-address.ts'
import { explainFailure, passing, type RedisFailure } from './redis-failure.ts'

/** One connection of node-redis, as far as Focus uses it. */
export interface RedisClient {
  sendCommand(command: readonly string[]): Promise<unknown>
  subscribe(channels: string[], listener: MessageListener): Promise<void>
  unsubscribe(channels: string[]): Promise<void>
  sSubscribe(channels: string[], listener: MessageListener): Promise<void>
  sUnsubscribe(channels: string[]): Promise<void>
  /** Ends the connection at once. Does not throw. */
  destroy(): void
}

export type MessageListener = (payload: string) => void

/** How to reach the servers of one `REDIS_URL`. */
export interface ConnectionSettings {
  readonly tls: boolean
  readonly credentials: RedisCredentials
  readonly database: number
}

/** How long connecting and the first commands may take together. */
const connectMs = 2_000

/** Opens connections; loaded with the package `redis`. */
export type OpenRedis = (
  server: RedisServer,
  settings: ConnectionSettings,
  onLost: (failure: RedisFailure) => void,
) => Promise<RedisClient>

/**
 * Loads the package `redis` and returns a function that opens one connection. The function rejects with a `RedisFailure`; a
 * connection that is lost calls `onLost` once and stays closed: the caller opens another one.
 *
 * @throws FocusError `missing_dependency`
 */
export async function loadRedis(): Promise<OpenRedis> {
  const { createClient } = await import('redis').catch((cause: unknown) => {
    throw new FocusError('missing_dependency', 'REDIS_URL needs the package redis, which cannot be loaded.', {
      hint: 'Run `npm install redis`.',
      cause,
    })
  })
  return async (server, { tls, credentials, database }, onLost) => {
    const { host, port } = server
    const socket = { host, port, connectTimeout: connectMs, reconnectStrategy: false as const }
    const client = createClient({
      socket: tls ? { ...socket, tls } : socket,
      ...(credentials.username === null ? {} : { username: credentials.username }),
      ...(credentials.password === null ? {} : { password: credentials.password }),
      ...(database === 0 ? {} : { database }),
      RESP: 2,
      disableClientInfo: true,
      disableOfflineQueue: true,
    })
    let open = false
    const end = (error: unknown) => {
      if (!open) return
      open = false
      onLost(explainFailure(error, server))
    }
    const destroy = () => {
      open = false
      // Throws when the connection is closed already.
      if (client.isOpen) client.destroy()
    }
    client.on('error', end)
    client.on('end', () => end(new Error('Socket closed unexpectedly')))
    client.on('sharded-channel-moved', () => end(passing('The Redis Cluster moved its slots.')))
    const opening = client.connect().then(() => {
      open = true
    })
    try {
      await withTimeout(opening, connectMs, () => new Error('Connection timeout'))
    } catch (error) {
      // The connection may open later.
      opening.catch(() => undefined)
      destroy()
      throw explainFailure(error, server)
    }
    // A subscription on a closed connection would never be answered.
    const whileOpen = <T>(command: () => Promise<T>) =>
      open ? command() : Promise.reject(new Error('Socket closed unexpectedly'))
    return {
      sendCommand: (command) => whileOpen(() => client.sendCommand(command)),
      subscribe: (channels, listener) => whileOpen(() => client.subscribe(channels, listener)),
      unsubscribe: (channels) => whileOpen(() => client.unsubscribe(channels)),
      sSubscribe: (channels, listener) => whileOpen(() => client.sSubscribe(channels, listener)),
      sUnsubscribe: (channels) => whileOpen(() => client.sUnsubscribe(channels)),
      destroy,
    }
  }
}
