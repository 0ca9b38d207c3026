import type { JsonValue } from '../../common/json.ts'

/** Port: stores the answers to calls with an idempotency key. */
export interface IdempotencyStore {
  /** Stores `record` under the key unless it has one; returns the earlier record, or null. */
  claim(key: string, record: IdempotencyRecord, expiresAt: number): Promise<IdempotencyRecord | null>
  read(key: string): Promise<IdempotencyRecord | null>
  /** Replaces `before` with `after`; returns false when the record is no longer `before`. */
  replace(key: string, before: IdempotencyRecord, after: IdempotencyRecord): Promise<boolean>
  /** Deletes the key while its record is still `record`. */
  release(key: string, record: IdempotencyRecord): Promise<void>
}

export interface IdempotencyRecord {
  /** Hash of the request: the same key with another request is an error. */
  readonly request: string
  /** The ids of the notifications derive from it, so that a resumed call makes the same ones. */
  readonly seed: string
  /** Milliseconds since 1970: a call without an answer at this time has died. */
  readonly leaseUntil: number
  /** Null while the call is under way. */
  readonly answer: JsonValue
}
