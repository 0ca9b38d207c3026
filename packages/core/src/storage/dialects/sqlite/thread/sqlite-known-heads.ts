import type { KnownHead, KnownHeads } from '../../batch/batch-session.ts'
import type { StatementCache } from '../sqlite-connection.ts'

/** About 5 MB. */
const defaultMaxOwners = 50_000

const advance = 'update focus_streams set head = ?, unread = unread + ? where user_key = ? and head = ?'

/**
 * The heads that the writer thread has advanced. Another process may have moved them since, and a batch may have been rolled
 * back. Therefore the statement that advances a head requires it unchanged: this saves the read and does not replace the check.
 * The owners whose heads were stored longest ago are forgotten first.
 */
export class SqliteKnownHeads implements KnownHeads {
  readonly #statements: StatementCache
  readonly #maxOwners: number
  /** The oldest first. */
  readonly #heads = new Map<string, KnownHead>()

  constructor(statements: StatementCache, maxOwners = defaultMaxOwners) {
    this.#statements = statements
    this.#maxOwners = maxOwners
  }

  advance(owner: string, count: number, unread: number): KnownHead | null {
    const known = this.#heads.get(owner)
    if (known === undefined) return null
    const { changes } = this.#statements.get(advance).run(known.head + count, unread, owner, known.head)
    return changes === 1 ? known : null
  }

  remember(owner: string, head: KnownHead): void {
    this.#heads.delete(owner)
    this.#heads.set(owner, head)
    if (this.#heads.size > this.#maxOwners) this.#forgetTenth()
  }

  /** One at a time would be slow: to find the first key, a map passes over the keys deleted before it. */
  #forgetTenth(): void {
    let left = Math.ceil(this.#maxOwners / 10)
    for (const oldest of this.#heads.keys()) {
      this.#heads.delete(oldest)
      left -= 1
      if (left === 0) return
    }
  }
}
