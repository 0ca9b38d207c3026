import type { DatabaseConnection } from 'kysely'
import type { AnyKysely } from '../any-kysely.ts'

/** A connection that is in use until it is released. */
export interface Lease {
  readonly connection: DatabaseConnection
  readonly release: () => void
}

/** Takes a connection from an application's own Kysely. */
export function leaseFrom(source: AnyKysely): Promise<Lease> {
  return new Promise((resolve, reject) => {
    const lend = (connection: DatabaseConnection) =>
      new Promise<void>((release) => resolve({ connection, release: () => release() }))
    source.getExecutor().provideConnection(lend).catch(reject)
  })
}

/** A transaction that is open until it is committed or rolled back. */
export interface LeasedTransaction {
  readonly connection: DatabaseConnection
  commit(): Promise<void>
  rollback(): Promise<void>
}

const rolledBack = new Error('The transaction was rolled back')

/** Starts a transaction of an application's own Kysely: its driver knows how to begin and end one. */
export function leaseTransactionFrom(source: AnyKysely): Promise<LeasedTransaction> {
  return new Promise((resolve, reject) => {
    const ended = source.transaction().execute((transaction) =>
      transaction.getExecutor().provideConnection(
        (connection) =>
          new Promise<void>((commit, abort) => {
            resolve({
              connection,
              commit() {
                commit()
                return ended
              },
              async rollback() {
                abort(rolledBack)
                await ended.catch((error: unknown) => {
                  if (error !== rolledBack) throw error
                })
              },
            })
          }),
      ),
    )
    ended.catch(reject)
  })
}
