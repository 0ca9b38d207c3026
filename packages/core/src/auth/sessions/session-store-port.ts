import type { UserKey } from '../../common/user-id.ts'
import type { SessionEnd } from '../ports.ts'

/** A sign-in on one device: a family of refresh tokens and the access tokens made with them. */
export interface Session {
  readonly id: string
  readonly userKey: UserKey
  /** How the person signed in: a provider's name, or `admin` for a token that an operator asked for. */
  readonly provider: string
  readonly userAgent: string | null
  readonly ip: string | null
  /** Times are milliseconds since 1970. */
  readonly createdAt: number
  readonly lastUsedAt: number
  /** Never after `expiresAt`. */
  readonly idleExpiresAt: number
  readonly expiresAt: number
  readonly endedAt: number | null
  readonly endReason: SessionEnd['reason'] | null
}

export interface RefreshToken {
  readonly hash: string
  readonly sessionId: string
  /** When its successor was made; null for a token that was not used yet. */
  readonly rotatedAt: number | null
  /** The successor, sealed under this token, while the grace lasts (S22). */
  readonly successorSealed: string | null
}

export interface Rotation {
  readonly hash: string
  readonly successorHash: string
  readonly successorSealed: string
  readonly session: Session
  readonly userAgent: string | null
  readonly ip: string | null
  readonly now: number
  readonly idleExpiresAt: number
}

/** One session, all of a user, or those of a user that were started with one account. */
export type SessionSelection =
  | { readonly id: string }
  | { readonly userKey: UserKey; readonly accountId?: string | undefined }

/** Port: where sessions and the hashes of their refresh tokens are kept. */
export interface SessionStore {
  /** `refreshHash` is null for a session that cannot be refreshed, `accountId` for one that no account started. */
  create(session: Session, refreshHash: string | null, accountId?: string | null): Promise<void>
  /** Those of the sessions that were stored here, whether they ended or not, in any order. */
  find(ids: readonly string[]): Promise<Session[]>
  findByRefreshHash(hash: string): Promise<{ readonly token: RefreshToken; readonly session: Session } | null>
  /**
   * Replaces an unused token by its successor, and erases what its predecessor held sealed. Of several calls for one token
   * exactly one returns true (S21).
   */
  rotate(rotation: Rotation): Promise<boolean>
  /** Sessions that have neither ended nor expired, the last used first. */
  listActive(userKey: UserKey, now: number): Promise<Session[]>
  /**
   * Ends sessions that have not ended, a bounded number at once; returns those that this call ended. None is left where it
   * ended none.
   */
  end(which: SessionSelection, reason: SessionEnd['reason'], now: number): Promise<SessionEnd[]>
  /** Sessions that ended after a time, for the nodes that have to refuse their tokens (S23). */
  endedAfter(time: number): Promise<(SessionEnd & { readonly endedAt: number })[]>
  /** Erases sealed successors whose grace is over, and sessions that are long gone. */
  purge(before: { readonly graceEndedBefore: number; readonly goneBefore: number }): Promise<void>
}
