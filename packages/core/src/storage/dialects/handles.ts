import { type Dialect, Kysely, type KyselyPlugin } from 'kysely'
import { withTimeout } from '../../common/async/with-timeout.ts'
import { FocusError } from '../../common/errors.ts'
import type { FocusTables } from '../tables.ts'

/** How long a caller waits for a statement or a transaction. */
const timeLimitMs = 10_000

/** Two ways to the same connections. */
export interface Handles {
  /** A statement or transaction that takes longer than 10 s rejects with `storage_unavailable`, while it may go on. */
  readonly limited: Kysely<FocusTables>
  readonly unlimited: Kysely<FocusTables>
}

export function openHandles(dialect: Dialect, plugins: readonly KyselyPlugin[] = []): Handles {
  const driver = dialect.createDriver()
  const shared: Dialect = {
    createAdapter: () => dialect.createAdapter(),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createDriver: () => driver,
  }
  const config = { dialect: shared, plugins: [...plugins] }
  const unlimited = new Kysely<FocusTables>(config)
  const executor = unlimited.getExecutor()
  // Around the whole transaction: Kysely goes on to roll it back and to release its connection.
  const limited = executor.withConnectionProvider({
    provideConnection: (consumer) => withTimeLimit(executor.provideConnection(consumer)),
  })
  return { unlimited, limited: new Kysely<FocusTables>({ config, dialect: shared, driver, executor: limited }) }
}

/** Rejects with `storage_unavailable` when the database takes longer than 10 s, while the work may go on. */
export function withTimeLimit<T>(work: Promise<T>): Promise<T> {
  return withTimeout(work, timeLimitMs, tooSlow)
}

function tooSlow(): FocusError {
  return new FocusError('storage_unavailable', 'The database did not answer in time; the change may still be made.', {
    hint: 'Check the database, its disk, and which transactions hold locks.',
    retryAfterSeconds: 5,
  })
}
