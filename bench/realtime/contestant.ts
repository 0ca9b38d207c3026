import type { Server } from 'node:http'

/** A server that holds sockets by user and sends notifications to them. */
export interface Contestant {
  readonly server: Server
  /** Sends one notification to all sockets of a user. */
  notify(user: number): void
  /** Signed tokens of `count` people, for servers that verify them. */
  tokens?(count: number): Promise<string[]>
  /** Throws when something that the measurement stands on did not hold. */
  check?(): void
}

/** Offsets start here, so that all of a run have the same number of digits. */
export const firstOffset = 1_000_000
