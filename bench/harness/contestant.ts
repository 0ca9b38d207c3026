import { once } from 'node:events'
import type { Server } from 'node:net'

/** A server with sockets of users, which sends notifications to them. Users are numbered from 0. */
export interface Contestant {
  /** Listens on a free port of this machine and returns it. */
  listen(): Promise<number>
  /** Sends one notification to all sockets of a user. Resolves when it is stored; undefined where nothing is stored. */
  notify(user: number): Promise<unknown> | undefined
  /** Sends one notification to all sockets. */
  broadcast?(): Promise<unknown> | undefined
  /** Writes so many rows in one transaction, for the ceilings of drivers. */
  write?(rows: number): Promise<unknown> | undefined
  /** Returns access tokens of `count` users, for servers that verify tokens. */
  tokens?(count: number): Promise<string[]>
  /** Throws if the measurement is invalid. */
  check?(): void
}

/** First offset, so that all offsets of a run have the same number of digits. */
export const firstOffset = 1_000_000

/** Listens on a free port of the loopback interface and returns it. */
export async function listenOn(server: Server): Promise<number> {
  await once(server.listen({ port: 0, host: '127.0.0.1', backlog: 8_192 }), 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('The server is not listening.')
  return address.port
}
