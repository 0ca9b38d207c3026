import type { Kysely } from 'kysely'
import type { LeasedDelivery } from '../../transports/outbox/outbox-port.ts'
import type { Database } from '../database.ts'
import type { FocusTables } from '../tables.ts'
import { inTransaction } from '../transaction.ts'

/** Answers the questions of escalations before they are sent: was the notification read, was it merged since? */
export class OutboxEscalations {
  readonly #database: Database
  readonly #db: Kysely<FocusTables>

  constructor(database: Database) {
    this.#database = database
    this.#db = database.db
  }

  async readStates(notificationIds: readonly string[]): Promise<ReadonlyMap<string, 'read' | 'unread'>> {
    if (notificationIds.length === 0) return new Map()
    const rows = await this.#db
      .selectFrom('focus_notifications')
      .select(['id', 'read_at'])
      .where('id', 'in', [...notificationIds])
      .execute()
    return new Map(rows.map((row) => [row.id, row.read_at === null ? 'unread' : 'read']))
  }

  async supersede(transport: string, now: number, deliveries: readonly LeasedDelivery[]): Promise<ReadonlySet<number>> {
    if (deliveries.length === 0) return new Set()
    const escalations = await this.#db
      .selectFrom('focus_outbox')
      .select(['id', 'notification_id', 'offset'])
      .where('transport', '=', transport)
      .where(
        'notification_id',
        'in',
        deliveries.map(({ payload }) => payload.id),
      )
      .where('cancel_if', 'is not', null)
      .where('dead_at', 'is', null)
      .orderBy('offset', 'desc')
      .orderBy('id')
      .execute()
    const byNotification = Map.groupBy(escalations, (row) => row.notification_id)
    const asked = new Set(deliveries.map(({ id }) => id))
    const replaced = new Set<number>()
    const between: number[] = []
    const latest: number[] = []
    for (const { id, payload } of deliveries) {
      const rows = byNotification.get(payload.id) ?? []
      const newest = rows[0]
      if (!newest || newest.offset <= payload.offset) continue
      replaced.add(id)
      latest.push(newest.id)
      between.push(...rows.filter((row) => row.offset < newest.offset && !asked.has(row.id)).map((row) => row.id))
    }
    await this.#leave(latest, between, now)
    return replaced
  }

  /** Makes the latest escalations due now, and drops the earlier ones that they replace. */
  async #leave(latest: readonly number[], between: readonly number[], now: number): Promise<void> {
    if (latest.length === 0) return
    await inTransaction(this.#database, async (trx) => {
      await trx
        .updateTable('focus_outbox')
        .set({ due_at: 0, touched_at: now })
        .where('id', 'in', [...latest])
        .where('lease', 'is', null)
        .execute()
      await trx
        .deleteFrom('focus_outbox')
        .where('id', 'in', [-1, ...between])
        .where('lease', 'is', null)
        .execute()
    })
  }
}
