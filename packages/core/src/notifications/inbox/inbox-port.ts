import type { UserKey } from '../../common/user-id.ts'
import type { InboxItem, UserHead } from '../ports.ts'

/** Selects the notifications that a user has read. */
export type ReadSelection =
  | { readonly ids: readonly string[] }
  | { readonly upToOffset: number; readonly stream?: 'user' | 'all' }
  | { readonly all: true }

/** Inbox state after a write. */
export interface StateChange {
  readonly ids: readonly string[]
  readonly unreadCount: number
  readonly stateRev: number
  /** Heads of the user's stream and of the shared one at the time of the change; it does not concern later events. */
  readonly offset: number
  readonly allOffset: number
}

export interface InboxSelection {
  readonly limit: number
  /** The end of the previous page; null for the newest. */
  readonly before: InboxPosition | null
  readonly unreadOnly: boolean
  /** Only notifications of these topics; all topics when empty. */
  readonly events: readonly string[]
}

/** A position in the merged inbox: the reader has seen everything at or after it in both streams. */
export interface InboxPosition {
  readonly user: number
  readonly all: number
}

export interface InboxRows {
  readonly items: readonly InboxItem[]
  readonly next: InboxPosition | null
  readonly unreadCount: number
  /** Heads of the user's stream and of the shared one when the unread were counted. */
  readonly offset: number
  readonly allOffset: number
  /** Sum of both streams' revisions at that time, as on the WebSocket. */
  readonly stateRev: number
}

/** A head as the log stores it. */
export interface StoredHead extends UserHead {
  /** True while the log does not know which broadcasts are older than this user. */
  readonly unseen: boolean
}

/** A user who reads for the first time. */
export interface FirstSight {
  readonly userKey: UserKey
  /** When the user was created, in milliseconds since 1970; null if unknown. */
  readonly since: number | null
}
