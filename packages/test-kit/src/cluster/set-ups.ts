import { startMariadb } from '../servers/mariadb.ts'
import { startRedis } from '../servers/redis.ts'
import type { ServerProcess } from '../servers/server-process.ts'

/** The servers that the nodes of a cluster share. */
export const setUpNames = ['mariadb', 'mariadb+redis'] as const
export type SetUpName = (typeof setUpNames)[number]

/** A server that faults can kill, pause and restart. */
export interface Backend {
  readonly server: ServerProcess
  readonly url: string
}

export interface SetUp {
  readonly name: SetUpName
  readonly database: Backend
  /** Null where the database is also the broker. */
  readonly redis: Backend | null
  stop(): Promise<void>
}

/** Starts private servers, because faults end them. */
export async function startSetUp(name: SetUpName): Promise<SetUp> {
  const mariadb = await startMariadb({ own: true })
  const redis = name.endsWith('+redis') ? await startRedis({ own: true }) : null
  return {
    name,
    database: { server: mariadb, url: mariadb.url },
    redis: redis && { server: redis, url: redis.url },
    async stop() {
      await Promise.all([mariadb.stop(), redis?.stop()])
    },
  }
}
