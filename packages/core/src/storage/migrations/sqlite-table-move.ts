import { setTimeout as delay } from 'node:timers/promises'
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely'
import { FocusError } from '../../common/errors.ts'
import type { Logger } from '../../common/logging/logger.ts'
import type { TableDefinition } from '../dialects/table-definition.ts'
import type { FocusTables } from '../tables.ts'
import { retryOnConflict } from '../transaction.ts'
import type { Move, MoveContext } from './migration-step.ts'
import { dependentsOf, withoutForeignKeys } from './sqlite-dependents.ts'

/** How long one chunk may hold the only lock for writers. */
const chunkMs = 20
const smallestChunk = 100
const largestChunk = 5_000
/** Between two chunks, while other processes write. */
const longestPauseMs = 200
/** Between two progress lines. */
const progressMs = 1_000
/** From this number of rows on, the start takes so long that it says so as a warning. */
const manyRows = 100_000

/** A table that gets another layout, and keeps its name and its columns. */
export interface TableMove {
  /** In lower case. */
  readonly from: string
  /** The indexes that end with the old table. Those of the application, and its triggers, go over to the new one. */
  readonly indexes: readonly string[]
  /** Its name is used until the move is complete, and stays in the names of its indexes. */
  readonly to: TableDefinition
  /** A column of text with a unique index, in whose order the rows are copied. No value is the empty string. */
  readonly along: string
  /** For the lines of the logger. */
  readonly label: string
}

/**
 * Returns the move of an SQLite table: triggers repeat every change of the old table in the new one while its rows are copied in chunks;
 * then the new table takes the name of the old one in one transaction. The position of the copy is in `focus_meta`, in the
 * transaction of each chunk.
 */
export function moveTable(move: TableMove): Move {
  return (context) => new SqliteTableMove(move, context).run()
}

/** `before`: there is no new table; `copying`: both exist; `done`: the new table has the name of the old one. */
type Stage = 'before' | 'copying' | 'done'

interface Chunk {
  readonly rows: number
  readonly isLast: boolean
  /** When the transaction got the lock, by `performance.now()`. */
  readonly lockedAt: number
  readonly copyMs: number
  /** Changes when another connection has committed. */
  readonly version: number | undefined
}

class SqliteTableMove {
  readonly #move: TableMove
  readonly #context: MoveContext
  readonly #positionKey: string
  readonly #old: RawBuilder<unknown>
  readonly #new: RawBuilder<unknown>
  readonly #along: RawBuilder<unknown>
  readonly #columns: RawBuilder<unknown>

  constructor(move: TableMove, context: MoveContext) {
    this.#move = move
    this.#context = context
    this.#positionKey = `move:${move.to.name}`
    this.#old = sql.table(move.from)
    this.#new = sql.table(move.to.name)
    this.#along = sql.ref(move.along)
    this.#columns = sql.join(Object.keys(move.to.columns).map((name) => sql.ref(name)))
  }

  async run(): Promise<void> {
    if ((await this.#prepare()) === 'done') return
    const progress = await this.#startProgress()
    let version: unknown
    for (let size = smallestChunk; ; ) {
      const chunk = await this.#copyChunk(size)
      if (chunk === null) return
      progress.add(chunk.rows)
      if (chunk.isLast) break
      size = Math.round(Math.min(Math.max((size * chunkMs) / chunk.copyMs, smallestChunk), largestChunk, 2 * size))
      // SQLite has no queue for its lock: a process that waits finds it free half of the time.
      if (chunk.version !== version) await delay(Math.min(performance.now() - chunk.lockedAt, longestPauseMs))
      version = chunk.version
    }
    await this.#assertComplete()
    await this.#swap()
    progress.end()
  }

  /** Creates the new table with its triggers; moves an empty table at once. */
  #prepare(): Promise<Stage> {
    return this.#alter(async (trx) => {
      const stage = await this.#stage(trx)
      if (stage !== 'before') return stage
      for (const statement of this.#context.createTable(this.#move.to)) await sql.raw(statement).execute(trx)
      const { rows } = await sql`select 1 from ${this.#old} limit 1`.execute(trx)
      if (rows.length === 0) {
        await this.#replace(trx)
        return 'done'
      }
      for (const statement of mirror(this.#move)) await sql.raw(statement).execute(trx)
      await trx.insertInto('focus_meta').values({ name: this.#positionKey, value: '' }).execute()
      return 'copying'
    })
  }

  /** Copies the next rows; null when another process has completed the move. */
  #copyChunk(size: number): Promise<Chunk | null> {
    return this.#write(async (trx) => {
      const position = await this.#position(trx)
      if (position === null) return null
      const lockedAt = performance.now()
      const { rows: versions } = await sql<{ data_version: number }>`pragma data_version`.execute(trx)
      const after = sql`select ${this.#along} as value from ${this.#old} where ${this.#along} > ${position} order by 1`
      const bound = await sql<{ value: string }>`${after} limit 1 offset ${size - 1}`.execute(trx)
      const upTo = bound.rows[0]?.value
      const within = upTo === undefined ? sql`` : sql`and ${this.#along} <= ${upTo}`
      // Rows that are in both tables already were written during the copy, by the triggers.
      const { numAffectedRows: rows } = await sql`
        insert or ignore into ${this.#new} (${this.#columns})
        select ${this.#columns} from ${this.#old} where ${this.#along} > ${position} ${within} order by ${this.#along}
      `.execute(trx)
      if (upTo !== undefined) await this.#setPosition(trx, upTo)
      return {
        rows: upTo === undefined ? Number(rows ?? 0) : size,
        isLast: upTo === undefined,
        lockedAt,
        copyMs: Math.max(performance.now() - lockedAt, 1),
        version: versions[0]?.data_version,
      }
    })
  }

  /** Counts both tables in one statement, which sees one moment. */
  async #assertComplete(): Promise<void> {
    const counts = await this.#whileCopying(async () => {
      const { rows } = await sql<{ old: number; new: number }>`
        select (select count(*) from ${this.#old}) as old, (select count(*) from ${this.#new}) as new
      `.execute(this.#context.db)
      return rows[0]
    })
    if (!counts || counts.old === counts.new) return
    throw new FocusError(
      'storage_unavailable',
      `The ${this.#move.label} could not be moved: ${counts.new} of ${counts.old} rows were copied. The table ${this.#move.from} is unchanged.`,
      { hint: `Drop the table ${this.#move.to.name}, then start again.` },
    )
  }

  #swap(): Promise<void> {
    return this.#alter(async (trx) => {
      if ((await this.#stage(trx)) === 'copying') await this.#replace(trx)
    })
  }

  /** Drops the old table and its triggers, and gives its name to the new one, with what the application has on it. */
  async #replace(trx: Transaction<FocusTables>): Promise<void> {
    const { from, indexes } = this.#move
    const kept = await dependentsOf(trx, from, [
      ...indexes,
      ...changes.map((change) => triggerName(this.#move, change)),
    ])
    // Otherwise SQLite refuses to rename a table while a view of the application names it.
    await sql`pragma legacy_alter_table = on`.execute(trx)
    try {
      await sql`drop table ${this.#old}`.execute(trx)
      await sql`alter table ${this.#new} rename to ${this.#old}`.execute(trx)
      for (const statement of kept) await sql.raw(statement).execute(trx)
      await trx.deleteFrom('focus_meta').where('name', '=', this.#positionKey).execute()
    } finally {
      await sql`pragma legacy_alter_table = off`.execute(trx)
    }
  }

  async #stage(db: Kysely<FocusTables>): Promise<Stage> {
    const { rows } = await sql<{ name: string; sql: string }>`
      select name, sql from sqlite_master where type = 'table' and name in (${this.#move.from}, ${this.#move.to.name})
    `.execute(db)
    if (rows.some(({ name }) => name === this.#move.to.name)) return 'copying'
    const old = rows.find(({ name }) => name === this.#move.from)
    return old && /\)\s*without\s+rowid\s*$/i.test(old.sql) ? 'before' : 'done'
  }

  async #position(trx: Transaction<FocusTables>): Promise<string | null> {
    const row = await trx
      .selectFrom('focus_meta')
      .select('value')
      .where('name', '=', this.#positionKey)
      .executeTakeFirst()
    return row?.value ?? null
  }

  async #setPosition(trx: Transaction<FocusTables>, value: string): Promise<void> {
    await trx.updateTable('focus_meta').set({ value }).where('name', '=', this.#positionKey).execute()
  }

  /** Runs a transaction that may drop the old table, beside tables of the application that refer to it. */
  #alter<T>(work: (trx: Transaction<FocusTables>) => Promise<T>): Promise<T> {
    return this.#write((trx) => withoutForeignKeys(trx, this.#move.from, () => work(trx)))
  }

  /** Runs a transaction that has the lock for writers from its first statement on, whatever its driver begins it with. */
  #write<T>(work: (trx: Transaction<FocusTables>) => Promise<T>): Promise<T> {
    return retryOnConflict(() =>
      this.#context.db.transaction().execute(async (trx) => {
        await this.#setPositionToItself(trx)
        return work(trx)
      }),
    )
  }

  async #setPositionToItself(trx: Transaction<FocusTables>): Promise<void> {
    await trx
      .updateTable('focus_meta')
      .set((set) => ({ value: set.ref('value') }))
      .where('name', '=', this.#positionKey)
      .execute()
  }

  async #startProgress(): Promise<Progress> {
    const counts = await this.#whileCopying(async () => {
      const { rows } = await sql<{ total: number; left: number }>`
        select count(*) as total, count(*) filter (where ${this.#along} > coalesce(
          (select value from focus_meta where name = ${this.#positionKey}), '')) as left
        from ${this.#old}
      `.execute(this.#context.db)
      return rows[0]
    })
    const { total, left } = counts ?? { total: 0, left: 0 }
    return new Progress(this.#move.label, this.#context.logger, total, total - left)
  }

  /** Reads both tables; undefined when another process completes the move meanwhile. */
  async #whileCopying<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read()
    } catch (error) {
      if ((await this.#stage(this.#context.db)) === 'copying') throw error
      return undefined
    }
  }
}

const changes = ['insert', 'update', 'delete'] as const
type Change = (typeof changes)[number]

function triggerName({ to }: TableMove, change: Change): string {
  return `${to.name}_${change}`
}

/** Returns triggers that repeat changes of the old table. A row that is not copied yet needs no change: its copy will have it. */
function mirror(move: TableMove): string[] {
  const { from, to, along } = move
  const columns = Object.keys(to.columns).map((name) => `"${name}"`)
  const row = columns.map((column) => `new.${column}`)
  const changed = columns.map((column) => `${column} = new.${column}`)
  const itself = `"${along}" = old."${along}"`
  const trigger = (change: Change, statement: string) =>
    `create trigger ${triggerName(move, change)} after ${change} on ${from} begin ${statement}; end`
  return [
    trigger('insert', `insert into ${to.name} (${columns.join(', ')}) values (${row.join(', ')})`),
    trigger('update', `update ${to.name} set ${changed.join(', ')} where ${itself}`),
    trigger('delete', `delete from ${to.name} where ${itself}`),
  ]
}

/** Tells the operator how far a move is. */
class Progress {
  readonly #label: string
  readonly #logger: Logger
  readonly #total: number
  readonly #startedAt = performance.now()
  #done: number
  #toldAt = this.#startedAt

  constructor(label: string, logger: Logger, total: number, done: number) {
    this.#label = label
    this.#logger = logger
    this.#total = total
    this.#done = done
    if (total - done < manyRows) return
    logger.warn(`The ${label} moves to a new layout: this start takes longer, once`, { done, total })
  }

  add(rows: number): void {
    this.#done += rows
    if (performance.now() - this.#toldAt < progressMs) return
    this.#toldAt = performance.now()
    // Other processes add and remove rows.
    this.#logger.info(`Migrating the ${this.#label}`, { done: Math.min(this.#done, this.#total), total: this.#total })
  }

  end(): void {
    const seconds = Math.round((performance.now() - this.#startedAt) / 100) / 10
    this.#logger.info(`Migrated the ${this.#label}`, { rows: this.#total, seconds })
  }
}
