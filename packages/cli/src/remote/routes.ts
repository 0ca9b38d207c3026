import { loadConfig } from '../config/config-file.ts'
import type { CommandContext } from '../terminal/context.ts'
import { findDatabase } from '../config/database-name.ts'
import { CommandFailure } from '../terminal/failure.ts'
import { RemoteClient } from './client.ts'
import { type RemoteFlags, resolveRemote } from './remote-settings.ts'
import type { Routes } from './route-client.ts'

/** The parts that can answer a route: only the `server` when the database does not contain the data, such as open connections. */
export type AnsweredBy = 'server' | 'server or database'

/**
 * Runs `work` with the routes of the server that flags, environment or folder name. Without a server, this process
 * answers them from the configured database if `answeredBy` allows it.
 */
export async function withRoutes(
  context: CommandContext,
  flags: RemoteFlags,
  work: (routes: Routes) => Promise<void>,
  answeredBy: AnsweredBy = 'server or database',
): Promise<void> {
  const routes = await openRoutes(context, flags, answeredBy)
  try {
    await work(routes)
  } finally {
    await routes.close()
  }
}

async function openRoutes(context: CommandContext, flags: RemoteFlags, answeredBy: AnsweredBy): Promise<Routes> {
  const config = await loadConfig(context)
  try {
    const client = new RemoteClient(resolveRemote(flags, context, config))
    return { call: (path, request) => client.call(path, request), close: async () => undefined }
  } catch (error) {
    const database = answeredBy === 'server' ? null : findDatabase(context, config)
    if (!(error instanceof CommandFailure) || error.code !== 'no_server' || database === null) throw error
    const { openDirectRoutes } = await import('./direct-routes.ts')
    return openDirectRoutes(context, config, database)
  }
}
