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
