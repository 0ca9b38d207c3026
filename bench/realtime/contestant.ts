import type { Server } from 'node:http'

/** A server with sockets of users, which sends notifications to them. */
export interface Contestant {
  readonly server: Server
  /** Sends one notification to all sockets of a user. */
  notify(user: number): void
  /** Returns signed tokens of `count` users, for servers that verify tokens. */
  tokens?(count: number): Promise<string[]>
  /** Throws if the measurement is invalid. */
  check?(): void
}

/** First offset, so that all offsets of a run have the same number of digits. */
export const firstOffset = 1_000_000
