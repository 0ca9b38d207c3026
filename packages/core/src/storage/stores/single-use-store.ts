import { sha256Hex } from '../../common/hashing.ts'
import type { Clock } from '../../common/runtime.ts'
import type { JsonValue } from '../../common/json.ts'
import type { SingleUseStore } from '../../secrets/single-use-port.ts'
import type { Database } from '../database.ts'
import { orUpdate } from '../dialect-statements.ts'
import { insertIfAbsent } from './insert-if-absent.ts'
import { retryOnConflict } from '../transaction.ts'

/** `SingleUseStore` over the table `focus_one_time`. */
export class KyselySingleUseStore implements SingleUseStore {
  readonly #database: Database
  readonly #db: Database['db']
  readonly #clock: Clock

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#db = database.db
    this.#clock = clock
  }

  async put(kind: string, secret: string, payload: JsonValue, expiresAt: number): Promise<void> {
    const kept = { payload: JSON.stringify(payload), expires_at: expiresAt }
    const insert = this.#db.insertInto('focus_one_time').values({ kind, secret_hash: sha256Hex(secret), ...kept })
    const upsert = orUpdate(this.#database, insert, ['kind', 'secret_hash'], kept)
    await retryOnConflict(() => upsert.execute())
  }

  async take(kind: string, secret: string): Promise<JsonValue | null> {
    const payload = await this.peek(kind, secret)
    if (payload === null) return null
    // When two callers read the same row, only one of them deletes it.
    const { numDeletedRows } = await this.#db
      .deleteFrom('focus_one_time')
      .where('kind', '=', kind)
      .where('secret_hash', '=', sha256Hex(secret))
      .executeTakeFirst()
    return numDeletedRows === 1n ? payload : null
  }

  async peek(kind: string, secret: string): Promise<JsonValue | null> {
    const row = await this.#db
      .selectFrom('focus_one_time')
      .select('payload')
      .where('kind', '=', kind)
      .where('secret_hash', '=', sha256Hex(secret))
      .where('expires_at', '>', this.#clock())
      .executeTakeFirst()
    return row ? (JSON.parse(row.payload) as JsonValue) : null
  }

  async claim(kind: string, secret: string, expiresAt: number): Promise<boolean> {
    const row = { kind, secret_hash: sha256Hex(secret), payload: 'null', expires_at: expiresAt }
    return await retryOnConflict(() => insertIfAbsent(this.#database, row))
  }

  async purge(now: number): Promise<number> {
    const { numDeletedRows } = await this.#database
      .withoutTimeLimit()
      .db.deleteFrom('focus_one_time')
      .where('expires_at', '<=', now)
      .executeTakeFirst()
    return Number(numDeletedRows)
  }
}
