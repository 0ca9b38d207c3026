import { CompiledQuery } from 'kysely'
import type { StreamMove } from '../../cluster/wake-ups/stream-moves-port.ts'
import type { EventReader } from '../../cluster/wake-ups/wake-up-store-port.ts'
import type { Clock } from '../../common/runtime.ts'
import type { NotificationEvent } from '../../notifications/ports.ts'
import type { Database } from '../database.ts'
import { type RowStatement, statementParameters, statementText } from '../dialects/batch/batch-session.ts'
import { type StatementForms, statementForms } from '../log/commit/statement-forms.ts'
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
    const { db, dialect } = this.#database
    const statement = eventsAt(statementForms(dialect), dialect === 'postgres' ? '$3' : '?')
    const positions = moves.map(({ owner, offset }) => [owner, offset])
    // Ready-made text instead of a query tree, which takes longer to compile than the rows to be read.
    const query: CompiledQuery<Row> = CompiledQuery.raw(statementText(statement, positions.length), [
      ...statementParameters(statement, positions),
      this.#clock(),
    ])
    const { rows } = await db.executeQuery(query)
    return rows.map(({ epoch, ...row }) => toEvent(row satisfies NotificationRow, epoch ?? ''))
  }
}

type Row = NotificationRow & { readonly epoch: string | null }

/**
 * Expired notifications are not delivered, even in the seconds before their removal.
 *
 * @param now the placeholder of the time
 */
function eventsAt({ among, quote }: StatementForms, now: '$3' | '?'): RowStatement {
  return among(
    "select n.*, (select value from focus_meta where name = 'epoch') as epoch from focus_notifications n",
    ['n.user_key', `n.${quote('offset')}`],
    ` and (n.expires_at is null or n.expires_at > ${now})`,
  )
}
