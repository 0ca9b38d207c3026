import { CompiledQuery, type Kysely } from 'kysely'
import type { FocusTables } from './tables.ts'

/** Most keys of a kept text; all texts of a query take less than 1 MB. Callers name at most 500 users or sessions at once. */
const longestKept = 512

/**
 * A query whose only parameters are a list of keys. It is compiled once for each number of keys: reads that connections share would
 * otherwise spend most of their time in the query builder.
 */
export class KeyedQuery<Key, Row> {
  readonly #db: Kysely<FocusTables>
  readonly #build: (keys: readonly Key[]) => { compile(): CompiledQuery<Row> }
  readonly #sql = new Map<number, string>()

  /** @param build builds the query for a list of keys, which must be its only parameters, in their order */
  constructor(db: Kysely<FocusTables>, build: (keys: readonly Key[]) => { compile(): CompiledQuery<Row> }) {
    this.#db = db
    this.#build = build
  }

  async rows(keys: readonly Key[]): Promise<Row[]> {
    if (keys.length === 0) return []
    const { rows } = await this.#db.executeQuery<Row>(CompiledQuery.raw(this.#textFor(keys), [...keys]))
    return rows
  }

  #textFor(keys: readonly Key[]): string {
    const known = this.#sql.get(keys.length)
    if (known !== undefined) return known
    const { sql, parameters } = this.#build(keys).compile()
    if (parameters.length !== keys.length) throw new TypeError('a keyed query has no parameters but its keys')
    if (keys.length <= longestKept) this.#sql.set(keys.length, sql)
    return sql
  }
}
