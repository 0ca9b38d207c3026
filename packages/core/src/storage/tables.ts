import type { Generated } from 'kysely'
import type { OutboxTables } from './outbox/outbox-tables.ts'

/** The rows as the database holds them. Times are milliseconds since 1970; `*_key` columns hold a `UserKey`. */
export interface FocusTables extends OutboxTables {
  focus_users: UsersTable
  focus_accounts: AccountsTable
  focus_unlinked_issuers: UnlinkedIssuersTable
  focus_sessions: SessionsTable
  focus_refresh_tokens: RefreshTokensTable
  focus_session_accounts: SessionAccountsTable
  focus_signing_keys: SigningKeysTable
  focus_one_time: OneTimeTable
  focus_meta: MetaTable
  focus_streams: StreamsTable
  focus_notifications: NotificationsTable
  focus_broadcast_states: BroadcastStatesTable
  focus_dedupe: DedupeTable
  focus_groups: GroupsTable
  focus_rates: RatesTable
  focus_scheduled: ScheduledTable
  focus_pending: PendingTable
  focus_deferred: DeferredTable
  focus_deferred_queues: DeferredQueuesTable
  focus_parked: ParkedTable
  focus_nodes: NodesTable
  focus_wake_ups: WakeUpsTable
  focus_expiries: ExpiriesTable
  focus_commits: CommitsTable
  focus_merges: MergesTable
}

export interface UsersTable {
  id: Generated<number>
  username: string
  email: string | null
  email_verified: number
  full_name: string | null
  avatar_url: string | null
  locale: string | null
  disabled_at: number | null
  created_at: number
  updated_at: number
}

/** A user's identity at one provider: the key is `(issuer, subject)`, never the e-mail (S12). */
export interface AccountsTable {
  issuer: string
  subject: string
  user_key: string
  provider: string
  created_at: number
  last_sign_in_at: number
}

export interface UnlinkedIssuersTable {
  user_key: string
  issuer: string
  unlinked_at: number
}

export interface SessionsTable {
  id: string
  user_key: string
  provider: string
  user_agent: string | null
  ip: string | null
  created_at: number
  last_used_at: number
  idle_expires_at: number
  expires_at: number
  ended_at: number | null
  end_reason: string | null
}

export interface RefreshTokensTable {
  token_hash: string
  session_id: string
  created_at: number
  rotated_at: number | null
  successor_hash: string | null
  /** The successor, encrypted under a key derived from this token (S22); erased once the successor is used. */
  successor_sealed: string | null
}

/** The account that a session was started with; sessions of operators have none. */
export interface SessionAccountsTable {
  session_id: string
  account_id: string
}

export interface SigningKeysTable {
  kid: string
  alg: string
  public_jwk: string
  private_sealed: string
  created_at: number
  activates_at: number
  retires_at: number | null
}

export interface OneTimeTable {
  kind: string
  secret_hash: string
  payload: string
  expires_at: number
}

/** Single values of the installation: the epoch, the cold-start lock of the key ring. */
export interface MetaTable {
  name: string
  value: string
}

/** The head of each user's stream, and of the shared stream of broadcasts, whose `user_key` is empty. */
export interface StreamsTable {
  user_key: string
  /** Offset of the newest event. */
  head: number
  /** The lowest offset that was not pruned. */
  oldest: number
  /** Unread notifications of the user's own stream; broadcasts are counted separately. */
  unread: number
  /** Advances with every change of read or deleted state. */
  state_rev: number
  /** Broadcasts up to this offset are older than the user; null until the user first reads. */
  all_from: number | null
  /** Broadcasts up to this offset were read; later ones are in `focus_broadcast_states`. */
  all_read: number
  all_read_at: number | null
  created_at: number
}

/** One row per notification of a stream. */
export interface NotificationsTable {
  user_key: string
  offset: number
  id: string
  event: string | null
  type: string
  title: string
  message: string
  /** JSON. */
  data: string
  count: Generated<number>
  group_key: string | null
  created_at: number
  expires_at: number | null
  read_at: number | null
}

export interface BroadcastStatesTable {
  user_key: string
  offset: number
  read_at: number | null
  deleted_at: number | null
}

export interface DedupeTable {
  user_key: string
  dedupe_key: string
  expires_at: number
}

/** The notification that further ones of a group join. */
export interface GroupsTable {
  user_key: string
  group_key: string
  id: string
  expires_at: number
}

export interface RatesTable {
  user_key: string
  rate_key: string
  /** JSON: when notifications were let through, ascending, at most as many as the limit. */
  times: string
  expires_at: number
}

export interface ScheduledTable {
  id: string
  due_at: number
  /** JSON of a `LogEntry`. */
  entry: string
}

export interface PendingTable {
  /** UUIDv7, so that the order of ids is the order of creation. */
  id: string
  /** JSON of a `PendingRequest`. */
  request: string
  created_at: number
}

/** A notification that a rate defers. */
export interface DeferredTable {
  user_key: string
  rate_key: string
  id: string
  /** JSON of a `LogEntry`. */
  entry: string
}

/** One row for each rate of a user that defers notifications. */
export interface DeferredQueuesTable {
  user_key: string
  rate_key: string
  /** When the rate has room again. */
  due_at: number
  /** For how many notifications it has room then; at least one. */
  room: number
  planned_at: number
}

/** A waiting row whose processing failed. */
export interface ParkedTable {
  id: string
  /** The table that the row waited in: `pending`, `scheduled` or `deferred`. */
  source: string
  /** The `request` or `entry` of the row. */
  content: string
  attempts: number
  /** When it is tried again; null when only an operator can retry it. */
  retry_at: number | null
  /** Code and message of the newest failure. */
  reason: string
  parked_at: number
}

export interface ExpiriesTable {
  expires_at: number
  id: string
}

/** One row per committed batch, kept for as long as its committer may look it up. */
export interface CommitsTable {
  id: string
  /** The number of the attempt at the batch. */
  attempt: number
  committed_at: number
}

/** One row per entry of a repeatable call that was merged, kept for as long as the call may be repeated. */
export interface MergesTable {
  /** The id of the entry; no notification has it. */
  id: string
  /** The notification that the entry joined. */
  target_id: string
  /** The offset that the notification moved to. */
  offset: number
  merged_at: number
}

/** One running process that uses the database. */
export interface NodesTable {
  id: Generated<number>
  name: string
  address: string | null
  version: string
  started_at: number
  /** Times of the database's clock, in milliseconds since 1970. */
  renewed_at: number
  /** 1 while it has no way to the broker. */
  broker_away: number
  /** JSON: numbers of users and connections, and rates. */
  details: string
  /** JSON: users with their numbers of connections. */
  sample: string
}

/** A message of one node to the others, kept for a minute. */
export interface WakeUpsTable {
  node: number
  /** 0: committed notifications; 1: everything else. */
  lane: number
  seq: number
  content: string
  created_at: number
}
