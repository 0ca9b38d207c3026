import { sql } from 'kysely'
import type { StreamMove } from '../../cluster/wake-ups/stream-moves-port.ts'
import type { EventReader } from '../../cluster/wake-ups/wake-up-store-port.ts'
import type { Clock } from '../../common/runtime.ts'
import type { NotificationEvent } from '../../notifications/ports.ts'
import type { Database } from '../database.ts'
import { type NotificationRow, toEvent } from '../log/event-rows.ts'

/** Events of one statement. */
const atOnce = 500

/** `EventReader` over `focus_notifications`: by primary key, and with the epoch of the moment that they are read. */
export class KyselyEventReader implements EventReader {
  readonly #database: Database
  readonly #clock: Clock

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  async eventsAt(moves: readonly StreamMove[]): Promise<NotificationEvent[]> {
    const events: NotificationEvent[] = []
    for (let start = 0; start < moves.length; start += atOnce) {
      events.push(...(await this.#read(moves.slice(start, start + atOnce))))
    }
    return events
  }

  async #read(moves: readonly StreamMove[]): Promise<NotificationEvent[]> {
    const positions = sql.join(moves.map(({ owner, offset }) => sql`(${owner}, ${offset})`))
    const list = this.#database.dialect === 'sqlite' ? sql`values ${positions}` : positions
    const rows = await this.#database.db
      .selectFrom('focus_notifications')
      .selectAll()
      .select((row) => row.selectFrom('focus_meta').select('value').where('name', '=', 'epoch').as('epoch'))
      .where(sql<boolean>`(user_key, ${sql.ref('offset')}) in (${list})`)
      // Expired notifications are not delivered, even in the seconds before their removal.
      .where((row) => row.or([row('expires_at', 'is', null), row('expires_at', '>', this.#clock())]))
      .execute()
    return rows.map(({ epoch, ...row }) => toEvent(row satisfies NotificationRow, epoch ?? ''))
  }
}
