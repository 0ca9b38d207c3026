import { isDeepStrictEqual } from 'node:util'
import type { Kysely } from 'kysely'
import type { PreferenceMatrix, Preferences, PreferenceStore } from '../../transports/preferences/preferences-port.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { Database } from '../database.ts'
import { orUpdate } from '../dialect-statements.ts'
import type { FocusTables } from '../tables.ts'
import { inTransaction, retryOnConflict } from '../transaction.ts'

/** Below the number of placeholders that every database accepts. */
const keysPerQuery = 500

/** `PreferenceStore` over `focus_preferences` and `focus_locales`. */
export class KyselyPreferenceStore implements PreferenceStore {
  readonly #database: Database
  readonly #db: Kysely<FocusTables>

  constructor(database: Database) {
    this.#database = database
    this.#db = database.db
  }

  async get(userKey: UserKey): Promise<Preferences> {
    const matrices = await this.matrices([userKey])
    return { locale: await this.locale(userKey), matrix: matrices.get(userKey) ?? {} }
  }

  async locale(userKey: UserKey): Promise<string | null> {
    const row = await this.#db
      .selectFrom('focus_locales')
      .select('locale')
      .where('user_key', '=', userKey)
      .executeTakeFirst()
    return row?.locale ?? null
  }

  /** Returns the languages of those users who chose one. */
  async locales(userKeys: readonly UserKey[]): Promise<ReadonlyMap<UserKey, string>> {
    const rows = await this.#db.selectFrom('focus_locales').selectAll().where('user_key', 'in', userKeys).execute()
    return new Map(rows.map(({ user_key, locale }) => [user_key, locale]))
  }

  async put(userKey: UserKey, { locale, matrix }: Partial<Preferences>): Promise<void> {
    if (await this.#isSo(userKey, { locale, matrix })) return
    await inTransaction(this.#database, async (trx) => {
      if (locale !== undefined) await putLocale(trx, userKey, locale)
      if (matrix !== undefined) await putMatrix(trx, userKey, matrix)
    })
  }

  async set(userKey: UserKey, event: string, transport: string, enabled: boolean): Promise<void> {
    const { [event]: row } = (await this.matrices([userKey])).get(userKey) ?? {}
    if (row?.[transport] === enabled) return
    const cell = { user_key: userKey, event, transport, enabled: enabled ? 1 : 0 }
    const insert = this.#db.insertInto('focus_preferences').values(cell)
    const upsert = orUpdate(this.#database, insert, ['user_key', 'event', 'transport'], { enabled: cell.enabled })
    await retryOnConflict(() => upsert.execute())
  }

  async matrices(userKeys: readonly UserKey[]): Promise<ReadonlyMap<UserKey, PreferenceMatrix>> {
    const matrices = new Map<UserKey, Record<string, Record<string, boolean>>>()
    if (!(await this.#anybodyChose())) return matrices
    for (let start = 0; start < userKeys.length; start += keysPerQuery) {
      const rows = await this.#db
        .selectFrom('focus_preferences')
        .selectAll()
        .where('user_key', 'in', userKeys.slice(start, start + keysPerQuery))
        .execute()
      for (const { user_key, event, transport, enabled } of rows) {
        // Applications choose the topics: `__proto__` is a valid one.
        const matrix = matrices.get(user_key) ?? (Object.create(null) as Record<string, Record<string, boolean>>)
        matrices.set(user_key, matrix)
        const row = matrix[event] ?? (Object.create(null) as Record<string, boolean>)
        matrix[event] = row
        row[transport] = enabled !== 0
      }
    }
    return matrices
  }

  /** Returns whether a change would write the values that are stored already. */
  async #isSo(
    userKey: UserKey,
    { locale, matrix }: { locale: string | null | undefined; matrix: PreferenceMatrix | undefined },
  ): Promise<boolean> {
    const present = await this.get(userKey)
    return (
      (locale === undefined || locale === present.locale) &&
      (matrix === undefined || isDeepStrictEqual(cellsOf(matrix), cellsOf(present.matrix)))
    )
  }

  /** Returns whether any user has stored a preference: many installations have none and need no further query. */
  async #anybodyChose(): Promise<boolean> {
    const row = await this.#db.selectFrom('focus_preferences').select('user_key').limit(1).executeTakeFirst()
    return row !== undefined
  }
}

async function putLocale(trx: Kysely<FocusTables>, userKey: UserKey, locale: string | null): Promise<void> {
  await trx.deleteFrom('focus_locales').where('user_key', '=', userKey).execute()
  if (locale !== null) await trx.insertInto('focus_locales').values({ user_key: userKey, locale }).execute()
}

/** Returns the choices of a matrix without their order and without empty topics. */
function cellsOf(matrix: PreferenceMatrix): ReadonlySet<string> {
  const cells = Object.entries(matrix).flatMap(([event, row]) =>
    Object.entries(row).map(([transport, enabled]) => JSON.stringify([event, transport, enabled])),
  )
  return new Set(cells)
}

async function putMatrix(trx: Kysely<FocusTables>, userKey: UserKey, matrix: PreferenceMatrix): Promise<void> {
  await trx.deleteFrom('focus_preferences').where('user_key', '=', userKey).execute()
  const cells = Object.entries(matrix).flatMap(([event, row]) =>
    Object.entries(row).map(([transport, enabled]) => ({
      user_key: userKey,
      event,
      transport,
      enabled: enabled ? 1 : 0,
    })),
  )
  for (let start = 0; start < cells.length; start += keysPerQuery) {
    await trx
      .insertInto('focus_preferences')
      .values(cells.slice(start, start + keysPerQuery))
      .execute()
  }
}
