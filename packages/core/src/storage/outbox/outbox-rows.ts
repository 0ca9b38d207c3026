import type { Insertable, Kysely } from 'kysely'
import type { PlannedDelivery } from '../../notifications/routing-port.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { Reached } from '../../transports/outbox/outbox-port.ts'
import type { FocusTables } from '../tables.ts'

/** Rows of one insert: below the placeholders that every database accepts. */
const rowsPerInsert = 500

/** The columns that an insert fills; the others have defaults. */
export const outboxColumns = [
  'transport',
  'lane',
  'user_key',
  'notification_id',
  'offset',
  'payload',
  'cancel_if',
  'due_at',
  'touched_at',
  'created_at',
] as const

export type OutboxRow = Pick<Insertable<FocusTables['focus_outbox']>, (typeof outboxColumns)[number]>

/** A notification as its deliveries carry it. */
export interface OutboxNotification {
  /** Null for a broadcast. */
  readonly userKey: UserKey | null
  readonly id: string
  readonly offset: number
  /** JSON of the fields of `OutboxPayload`, apart from `critical`. */
  readonly fields: string
}

/**
 * Returns the rows of one notification: one for each delivery, committed with it. Deliveries without a delay are due at 0
 * rather than now, so that a clock that is set back between commit and delivery does not hold them up.
 */
export function toOutboxRows(
  { userKey, id, offset, fields }: OutboxNotification,
  deliveries: readonly PlannedDelivery[],
  now: number,
): OutboxRow[] {
  return deliveries.map(({ transport, ordered, afterMs, unless, critical }) => ({
    transport,
    lane: ordered && afterMs === 0 ? (userKey ?? '') : null,
    user_key: userKey ?? '',
    notification_id: id,
    offset,
    payload: `${fields.slice(0, -1)},"critical":${critical}}`,
    cancel_if: unless,
    due_at: afterMs === 0 ? 0 : now + afterMs,
    touched_at: now,
    created_at: now,
  }))
}

/** Returns the values of a row in the order of `outboxColumns`, for prepared statements. */
export function outboxValues(row: OutboxRow): (string | number | null)[] {
  return outboxColumns.map((column) => row[column] ?? null)
}

export async function insertOutboxRows(db: Kysely<FocusTables>, rows: readonly OutboxRow[]): Promise<void> {
  for (let start = 0; start < rows.length; start += rowsPerInsert) {
    await db
      .insertInto('focus_outbox')
      .values(rows.slice(start, start + rowsPerInsert))
      .execute()
  }
}

/** Reads the column `delivered`: null, a list of the addresses that were reached, or both lists. */
export function reachedJson({ delivered, refused }: Reached): string | null {
  if (refused.length > 0) return JSON.stringify({ delivered, refused })
  return delivered.length === 0 ? null : JSON.stringify(delivered)
}

export function reachedOf(json: string | null): Reached {
  const stored = json === null ? [] : (JSON.parse(json) as readonly string[] | Reached)
  return 'delivered' in stored ? stored : { delivered: stored, refused: [] }
}
