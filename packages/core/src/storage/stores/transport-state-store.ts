import type { Kysely } from 'kysely'
import type { DisabledTransport, TransportStateStore } from '../../transports/outbox/outbox-port.ts'
import type { Database } from '../database.ts'
import { orUpdate } from '../dialect-statements.ts'
import type { FocusTables } from '../tables.ts'

/** `TransportStateStore` over `focus_transport_states`. */
export class KyselyTransportStateStore implements TransportStateStore {
  readonly #db: Kysely<FocusTables>
  readonly #database: Database

  constructor(database: Database) {
    this.#db = database.db
    this.#database = database
  }

  async disabled(): Promise<DisabledTransport[]> {
    const rows = await this.#db.selectFrom('focus_transport_states').selectAll().execute()
    return rows.map(({ disabled_at, ...row }) => ({ ...row, disabledAt: disabled_at }))
  }

  async disable({ name, fingerprint, reason, disabledAt }: DisabledTransport): Promise<void> {
    const state = { fingerprint, reason, disabled_at: disabledAt }
    const insert = this.#db.insertInto('focus_transport_states').values({ name, ...state })
    await orUpdate(this.#database, insert, ['name'], state).execute()
  }

  async enable(name: string): Promise<boolean> {
    const { numDeletedRows } = await this.#db
      .deleteFrom('focus_transport_states')
      .where('name', '=', name)
      .executeTakeFirst()
    return numDeletedRows === 1n
  }
}
