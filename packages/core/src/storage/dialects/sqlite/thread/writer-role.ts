import type { WriteBatch } from '../../../log/commit/batch-runner.ts'
import { classifySqliteError } from '../classify.ts'
import { openConnection, type SqliteConnection, StatementCache } from '../sqlite-connection.ts'
import type {
  GroupUnit,
  QueryAnswer,
  StatementRequest,
  ThreadAnswer,
  ThreadFailure,
  ThreadRequest,
  UnitAnswer,
  UnitOutcome,
} from './thread-requests.ts'
import { packResult, unpackEntries } from './packed-batch.ts'
import { SqliteKnownHeads } from './sqlite-known-heads.ts'
import { DataVersionWatch } from './data-version-watch.ts'
import { type ThreadRole, toFailure } from './role.ts'
import { SqliteBatchSession } from './sqlite-batch-session.ts'

interface WriterParts {
  readonly writeBatch: WriteBatch
  /** Called when another process has committed to the file. */
  readonly foreignCommit: () => void
}

/** Writes on one connection. A request is answered before the next one is taken: no request waits for a later one. */
export class WriterRole implements ThreadRole {
  readonly #connection: SqliteConnection
  readonly #statements: StatementCache
  readonly #writeBatch: WriteBatch
  readonly #heads: SqliteKnownHeads
  /** The other connections of this process only read. */
  readonly #watch: DataVersionWatch

  constructor(file: string, { writeBatch, foreignCommit }: WriterParts) {
    this.#connection = openConnection(file)
    this.#statements = new StatementCache(this.#connection)
    this.#heads = new SqliteKnownHeads(this.#statements)
    this.#writeBatch = writeBatch
    this.#watch = new DataVersionWatch(this.#connection, foreignCommit)
  }

  answer(request: ThreadRequest): Promise<ThreadAnswer> | ThreadAnswer {
    switch (request.kind) {
      case 'statement':
        return this.#run(request)
      case 'rollback':
        this.#rollback()
        return null
      case 'group':
        return this.#group(request.units)
      case 'watch':
        this.#watch.start(request.intervalMs)
        return null
      case 'unwatch':
      case 'read':
      case 'close':
        throw new TypeError(`the writer does not answer ${request.kind} requests`)
    }
  }

  close(): void {
    this.#watch.stop()
    this.#connection.close()
  }

  #run({ sql, parameters }: StatementRequest): QueryAnswer {
    const statement = this.#statements.get(sql)
    if (statement.reader) return { rows: statement.all(...parameters), changes: 0, lastInsertRowid: 0 }
    const { changes, lastInsertRowid } = statement.run(...parameters)
    return { rows: [], changes, lastInsertRowid: Number(lastInsertRowid) }
  }

  /**
   * Runs all units in one transaction, with one wait for the disk. A unit that fails is undone without touching the others.
   * When a unit ends the transaction (`on conflict rollback`), the others run again without it.
   */
  async #group(units: readonly GroupUnit[]): Promise<readonly UnitOutcome[]> {
    const failures = new Map<number, ThreadFailure>()
    for (;;) {
      this.#statements.get('begin immediate').run()
      try {
        const answers = await this.#attempt(units, failures)
        if (answers === null) continue
        this.#statements.get('commit').run()
        return answers
      } catch (error) {
        this.#rollback()
        throw error
      }
    }
  }

  /** Returns null when a unit, now among the failures, has ended the transaction. */
  async #attempt(
    units: readonly GroupUnit[],
    failures: Map<number, ThreadFailure>,
  ): Promise<readonly UnitOutcome[] | null> {
    const outcomes: UnitOutcome[] = []
    for (const [index, unit] of units.entries()) {
      const earlier = failures.get(index)
      if (earlier) {
        outcomes.push({ failure: earlier })
        continue
      }
      try {
        outcomes.push({ answer: await this.#runUnit(unit, units.length === 1) })
      } catch (error) {
        const failure = toFailure(error)
        failures.set(index, failure)
        outcomes.push({ failure })
        if (this.#connection.inTransaction) continue
        // A full disk is not the fault of any unit, and fails all of them.
        if (classifySqliteError(error) === 'unwritable') throw error
        return null
      }
    }
    return outcomes
  }

  /**
   * SQLite undoes a failed statement by itself; a batch is many statements and needs a savepoint. A batch that is alone ends the
   * transaction instead when it fails, because a savepoint copies every page that changes.
   */
  async #runUnit(unit: GroupUnit, alone: boolean): Promise<UnitAnswer> {
    if (unit.kind === 'statement') return this.#run(unit)
    if (!alone) this.#statements.get('savepoint batch').run()
    try {
      const session = new SqliteBatchSession(this.#statements, this.#heads)
      const result = packResult(await this.#writeBatch(session, unpackEntries(unit.entries), unit.context))
      if (!alone) this.#statements.get('release batch').run()
      return result
    } catch (error) {
      if (alone) this.#rollback()
      if (this.#connection.inTransaction) {
        this.#statements.get('rollback to batch').run()
        this.#statements.get('release batch').run()
      }
      throw error
    }
  }

  #rollback(): void {
    if (this.#connection.inTransaction) this.#statements.get('rollback').run()
  }
}
