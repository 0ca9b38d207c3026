import type { KnownHead, KnownHeads } from '../../batch/batch-session.ts'
import type { StatementCache } from '../sqlite-connection.ts'

/** About 5 MB. */
const maxOwners = 50_000

const advance = 'update focus_streams set head = ?, unread = unread + ? where user_key = ? and head = ?'

/**
 * The heads that the writer thread has advanced. Another process may have moved them since, and a batch may have been rolled
 * back. Therefore the statement that advances a head requires it unchanged: this saves the read and does not replace the check.
 */
export class SqliteKnownHeads implements KnownHeads {
  readonly #statements: StatementCache
  readonly #heads = new Map<string, KnownHead>()

  constructor(statements: StatementCache) {
    this.#statements = statements
  }

  advance(owner: string, count: number, unread: number): KnownHead | null {
    const known = this.#heads.get(owner)
    if (known === undefined) return null
    const { changes } = this.#statements.get(advance).run(known.head + count, unread, owner, known.head)
    return changes === 1 ? known : null
  }

  remember(owner: string, head: KnownHead): void {
    if (this.#heads.size >= maxOwners) this.#heads.clear()
    this.#heads.set(owner, head)
  }
}
