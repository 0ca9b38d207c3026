import { startMariadb } from '../servers/mariadb.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'
import type { ServerProcess } from '../servers/server-process.ts'

/** The servers that the nodes of a cluster share. */
export const setUpNames = ['mariadb', 'mariadb+redis', 'postgres', 'postgres+redis'] as const
export type SetUpName = (typeof setUpNames)[number]

/** A server that faults can kill, pause and restart. */
export interface Backend {
  readonly server: ServerProcess
  /** One for all nodes, or one for each. */
  readonly url: string | readonly string[]
}

export interface SetUp {
  readonly database: Backend
  /** Null where the database is also the broker. */
  readonly redis: (Backend & { readonly url: string }) | null
  stop(): Promise<void>
}

/** Starts private servers, because faults end them. */
export async function startSetUp(name: SetUpName): Promise<SetUp> {
  const start = name.startsWith('postgres') ? startPostgres : startMariadb
  const database = await start({ own: true })
  const redis = name.endsWith('+redis') ? await startRedis({ own: true }) : null
  return {
    database: { server: database, url: database.url },
    redis: redis && { server: redis, url: redis.url },
    async stop() {
      await Promise.all([database.stop(), redis?.stop()])
    },
  }
}
