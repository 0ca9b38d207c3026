import { sha256Hex } from '../../common/hashing.ts'
import type { Kysely } from 'kysely'
import type { PushSubscription, PushSubscriptionStore } from '../../transports/preferences/push-subscriptions-port.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { Database } from '../database.ts'
import type { FocusTables } from '../tables.ts'
import { inTransaction } from '../transaction.ts'

/** `PushSubscriptionStore` over `focus_push_subscriptions`. */
export class KyselyPushSubscriptionStore implements PushSubscriptionStore {
  readonly #database: Database
  readonly #db: Kysely<FocusTables>

  constructor(database: Database) {
    this.#database = database
    this.#db = database.db
  }

  async put(
    userKey: UserKey,
    { endpoint, keys, expirationTime }: PushSubscription,
    { now, max }: { now: number; max: number },
  ): Promise<void> {
    const endpoint_hash = sha256Hex(endpoint)
    await inTransaction(this.#database, async (trx) => {
      await trx.deleteFrom('focus_push_subscriptions').where('endpoint_hash', '=', endpoint_hash).execute()
      await trx
        .insertInto('focus_push_subscriptions')
        .values({
          endpoint_hash,
          user_key: userKey,
          endpoint,
          p256dh: keys.p256dh,
          auth: keys.auth,
          expires_at: expirationTime,
          created_at: now,
        })
        .execute()
      await dropOldest(trx, userKey, max)
    })
  }

  async remove(userKey: UserKey, endpoint: string): Promise<boolean> {
    const present = await this.#db
      .selectFrom('focus_push_subscriptions')
      .select('endpoint_hash')
      .where('endpoint_hash', '=', sha256Hex(endpoint))
      .where('user_key', '=', userKey)
      .executeTakeFirst()
    if (!present) return false
    const { numDeletedRows } = await this.#db
      .deleteFrom('focus_push_subscriptions')
      .where('endpoint_hash', '=', sha256Hex(endpoint))
      .where('user_key', '=', userKey)
      .executeTakeFirst()
    return numDeletedRows === 1n
  }

  async list(userKey: UserKey, now: number): Promise<PushSubscription[]> {
    const rows = await this.#db
      .selectFrom('focus_push_subscriptions')
      .selectAll()
      .where('user_key', '=', userKey)
      .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', now)]))
      .orderBy('created_at')
      .execute()
    return rows.map(({ endpoint, p256dh, auth, expires_at }) => ({
      endpoint,
      keys: { p256dh, auth },
      expirationTime: expires_at,
    }))
  }

  async forget(endpoint: string): Promise<void> {
    await this.#db.deleteFrom('focus_push_subscriptions').where('endpoint_hash', '=', sha256Hex(endpoint)).execute()
  }
}

async function dropOldest(trx: Kysely<FocusTables>, userKey: UserKey, max: number): Promise<void> {
  const rows = await trx
    .selectFrom('focus_push_subscriptions')
    .select('endpoint_hash')
    .where('user_key', '=', userKey)
    .orderBy('created_at', 'desc')
    .execute()
  const surplus = rows.slice(max).map((row) => row.endpoint_hash)
  if (surplus.length === 0) return
  await trx.deleteFrom('focus_push_subscriptions').where('endpoint_hash', 'in', surplus).execute()
}
