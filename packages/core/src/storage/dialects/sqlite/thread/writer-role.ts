import { classify } from '../../failures.ts'
import { writeBatch } from '../../../log/commit/write-batch.ts'
import { openConnection, type SqliteConnection, StatementCache } from '../sqlite-connection.ts'
import type {
  GroupUnit,
  QueryAnswer,
  Statement,
  ThreadAnswer,
  ThreadFailure,
  ThreadRequest,
  UnitAnswer,
  UnitOutcome,
} from './thread-requests.ts'
import { describeFailure, type ThreadRole } from './role.ts'
import { SqliteBatchSession } from './sqlite-batch-session.ts'

/** Writes, all of them on one connection. No request is taken while another one runs: nothing here waits for anything but this thread. */
export class WriterRole implements ThreadRole {
  readonly #connection: SqliteConnection
  readonly #statements: StatementCache
  readonly #foreignCommit: () => void
  #watch: NodeJS.Timeout | null = null

  constructor(file: string, foreignCommit: () => void) {
    this.#connection = openConnection(file)
    this.#statements = new StatementCache(this.#connection)
    this.#foreignCommit = foreignCommit
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
        this.#startWatching(request.intervalMs)
        return null
      case 'close':
        return null
    }
  }

  close(): void {
    if (this.#watch) clearInterval(this.#watch)
    this.#connection.close()
  }

  #run({ sql, parameters }: Statement): QueryAnswer {
    const statement = this.#statements.get(sql)
    if (statement.reader) return { rows: statement.all(...parameters), changes: 0, lastInsertRowid: 0 }
    const { changes, lastInsertRowid } = statement.run(...parameters)
    return { rows: [], changes, lastInsertRowid: Number(lastInsertRowid) }
  }

  /**
   * One transaction and one wait for the disk for all units. A unit that fails leaves nothing behind and the others alone. One
   * that ends the transaction (`on conflict rollback`) is left out, and the others are run again.
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

  /** Null when the transaction is gone with a unit that is now among the failures. */
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
        const failure = describeFailure(error)
        failures.set(index, failure)
        outcomes.push({ failure })
        if (this.#connection.inTransaction) continue
        // A full disk is nobody's fault, and full for all of them.
        if (classify(error) === 'unwritable') throw error
        return null
      }
    }
    return outcomes
  }

  /**
   * SQLite itself takes back what a failed statement has done; a batch is many statements. Alone, it ends the transaction when it
   * fails: a savepoint copies every page that changes.
   */
  async #runUnit(unit: GroupUnit, alone: boolean): Promise<UnitAnswer> {
    if (unit.kind === 'statement') return this.#run(unit)
    if (!alone) this.#statements.get('savepoint batch').run()
    try {
      const result = await writeBatch(new SqliteBatchSession(this.#statements), unit.entries, unit.context)
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

  /** `data_version` changes when another connection commits; the other ones of this process only read. */
  #startWatching(intervalMs: number): void {
    const version = () => this.#connection.pragma('data_version', { simple: true })
    let known = version()
    this.#watch ??= setInterval(() => {
      try {
        const current = version()
        if (current === known) return
        known = current
      } catch {
        // The next write tells what is wrong with the file. No commit may be missed meanwhile: one more look does no harm.
      }
      this.#foreignCommit()
    }, intervalMs)
    this.#watch.unref()
  }
}
