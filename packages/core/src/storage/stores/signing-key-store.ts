import type { KeyStore, StoredKey } from '../../auth/keys/key-store-port.ts'
import type { Database } from '../database.ts'
import { DuplicateKeyError } from '../dialects/storage-error.ts'
import { inTransaction } from '../transaction.ts'

/** Row of `focus_meta` with the id of the newest key. Nodes compare and swap it, so that only one of them adds a key. */
const newestKey = 'newest_signing_key'

/** `KeyStore` over `focus_signing_keys`. */
export class KyselyKeyStore implements KeyStore {
  readonly #database: Database
  readonly #db: Database['db']

  constructor(database: Database) {
    this.#database = database
    this.#db = database.db
  }

  async list(): Promise<StoredKey[]> {
    const rows = await this.#db
      .selectFrom('focus_signing_keys')
      .selectAll()
      .orderBy('created_at')
      .orderBy('kid')
      .execute()
    return rows.map((row) => ({
      kid: row.kid,
      alg: row.alg,
      publicJwk: row.public_jwk,
      privateSealed: row.private_sealed,
      createdAt: row.created_at,
      activatesAt: row.activates_at,
      retiresAt: row.retires_at,
    }))
  }

  async add(key: StoredKey, replaces: string | null, othersRetireAt: number): Promise<boolean> {
    try {
      return await this.#add(key, replaces, othersRetireAt)
    } catch (error) {
      if (error instanceof DuplicateKeyError) return false
      throw error
    }
  }

  async reseal(kid: string, from: string, to: string): Promise<void> {
    await this.#db
      .updateTable('focus_signing_keys')
      .set({ private_sealed: to })
      .where('kid', '=', kid)
      .where('private_sealed', '=', from)
      .execute()
  }

  async purge(retiredBefore: number): Promise<void> {
    await this.#db.deleteFrom('focus_signing_keys').where('retires_at', '<', retiredBefore).execute()
  }

  async #add(key: StoredKey, replaces: string | null, othersRetireAt: number): Promise<boolean> {
    return await inTransaction(this.#database, async (trx) => {
      if (replaces === null) {
        await trx.insertInto('focus_meta').values({ name: newestKey, value: key.kid }).execute()
      } else {
        const { numUpdatedRows } = await trx
          .updateTable('focus_meta')
          .set({ value: key.kid })
          .where('name', '=', newestKey)
          .where('value', '=', replaces)
          .executeTakeFirst()
        if (numUpdatedRows !== 1n) return false
      }
      await trx
        .updateTable('focus_signing_keys')
        .set({ retires_at: othersRetireAt })
        .where((eb) => eb.or([eb('retires_at', 'is', null), eb('retires_at', '>', othersRetireAt)]))
        .execute()
      await trx
        .insertInto('focus_signing_keys')
        .values({
          kid: key.kid,
          alg: key.alg,
          public_jwk: key.publicJwk,
          private_sealed: key.privateSealed,
          created_at: key.createdAt,
          activates_at: key.activatesAt,
          retires_at: key.retiresAt,
        })
        .execute()
      return true
    })
  }
}
