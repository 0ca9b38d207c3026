import type { UserKey } from '../../common/user-id.ts'
import type { SessionEnd } from '../ports.ts'

/** A signed-in device: a family of refresh tokens, and the access tokens issued with them. */
export interface Session {
  readonly id: string
  readonly userKey: UserKey
  /** The provider that the user signed in with, or `admin` for a token that an operator issued. */
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
  /** When the successor was created; null for an unused token. */
  readonly rotatedAt: number | null
  /** The successor, sealed with this token, during the grace (S22). */
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

/** One session, all sessions of a user, or those that one account of a user started. */
export type SessionSelection =
  | { readonly id: string }
  | { readonly userKey: UserKey; readonly accountId?: string | undefined }

/** Port: stores sessions and the hashes of their refresh tokens. */
export interface SessionStore {
  /**
   * @param refreshHash null for a session that cannot be refreshed
   * @param accountId the account that started the session; null or absent without one
   */
  create(session: Session, refreshHash: string | null, accountId?: string | null): Promise<void>
  /** Returns the stored sessions among the ids, ended or not, in any order. */
  find(ids: readonly string[]): Promise<Session[]>
  findByRefreshHash(hash: string): Promise<{ readonly token: RefreshToken; readonly session: Session } | null>
  /**
   * Replaces an unused token by its successor, and deletes the sealed successor of its predecessor. Of several calls for one
   * token exactly one returns true (S21).
   */
  rotate(rotation: Rotation): Promise<boolean>
  /** Lists sessions that have neither ended nor expired, the last used first. */
  listActive(userKey: UserKey, now: number): Promise<Session[]>
  /**
   * Ends a bounded number of active sessions, and returns the sessions that this call ended. When it returns none, none is
   * left.
   */
  end(which: SessionSelection, reason: SessionEnd['reason'], now: number): Promise<SessionEnd[]>
  /** Returns sessions that ended after a time, so that all nodes refuse their tokens (S23). */
  endedAfter(time: number): Promise<(SessionEnd & { readonly endedAt: number })[]>
  /** Deletes sealed successors whose grace is over, and sessions that ended or expired before `goneBefore`. */
  purge(before: { readonly graceEndedBefore: number; readonly goneBefore: number }): Promise<void>
}
