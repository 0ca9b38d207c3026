import type { WakeUpSignal } from '../../../cluster/wake-ups/wake-up-signal-port.ts'
import type { SqliteReader } from './sqlite-reader.ts'
import type { SqliteWriter } from './sqlite-writer.ts'

/** How often the file is looked at: 40 reads of a counter in shared memory per second, in a reader thread. */
const intervalMs = 25

/** Hears of commits of other processes by looking at a SQLite file; a commit is its own signal. */
export class FileSignal implements WakeUpSignal {
  /** The writer always watches. */
  readonly hearsOthers = true
  readonly #reader: SqliteReader
  readonly #writer: Pick<SqliteWriter, 'onForeignCommit'>

  constructor(reader: SqliteReader, writer: Pick<SqliteWriter, 'onForeignCommit'>) {
    this.#reader = reader
    this.#writer = writer
  }

  get heard(): boolean {
    return this.#reader.watching
  }

  listen(woken: () => void): void {
    this.#reader.onCommit(woken)
    this.#writer.onForeignCommit(woken)
  }

  /** The reader looks often, and also hears commits of this process; the writer always looks, less often. */
  attend(others: boolean): void {
    this.#reader.watch(others ? intervalMs : null)
  }

  send(): void {}

  async close(): Promise<void> {
    this.#reader.watch(null)
  }
}
