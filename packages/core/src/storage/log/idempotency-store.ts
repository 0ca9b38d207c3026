import { sha256Hex } from '../../common/hashing.ts'
import type { IdempotencyRecord, IdempotencyStore } from '../../notifications/policies/idempotency-port.ts'
import type { Clock } from '../../common/runtime.ts'
import type { Database } from '../database.ts'
import { insertIfAbsent } from '../stores/insert-if-absent.ts'

const kind = 'idempotency'

/** Stores the answers to calls with an idempotency key in the table of single-use secrets. */
export class KyselyIdempotencyStore implements IdempotencyStore {
  readonly #database: Database
  readonly #clock: Clock

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  async claim(key: string, record: IdempotencyRecord, expiresAt: number): Promise<IdempotencyRecord | null> {
    await this.#database.db
      .deleteFrom('focus_one_time')
      .where('kind', '=', kind)
      .where('secret_hash', '=', sha256Hex(key))
      .where('expires_at', '<=', this.#clock())
      .execute()
    const row = { kind, secret_hash: sha256Hex(key), payload: JSON.stringify(record), expires_at: expiresAt }
    if (await insertIfAbsent(this.#database, row)) return null
    return (await this.read(key)) ?? this.claim(key, record, expiresAt)
  }

  async read(key: string): Promise<IdempotencyRecord | null> {
    const row = await this.#database.db
      .selectFrom('focus_one_time')
      .select('payload')
      .where('kind', '=', kind)
      .where('secret_hash', '=', sha256Hex(key))
      .executeTakeFirst()
    return row ? (JSON.parse(row.payload) as IdempotencyRecord) : null
  }

  async replace(key: string, before: IdempotencyRecord, after: IdempotencyRecord): Promise<boolean> {
    const { numUpdatedRows } = await this.#database.db
      .updateTable('focus_one_time')
      .set({ payload: JSON.stringify(after) })
      .where('kind', '=', kind)
      .where('secret_hash', '=', sha256Hex(key))
      .where('payload', '=', JSON.stringify(before))
      .executeTakeFirstOrThrow()
    return numUpdatedRows === 1n
  }

  async release(key: string, record: IdempotencyRecord): Promise<void> {
    await this.#database.db
      .deleteFrom('focus_one_time')
      .where('kind', '=', kind)
      .where('secret_hash', '=', sha256Hex(key))
      .where('payload', '=', JSON.stringify(record))
      .execute()
  }
}
