import { type FocusConfig, loadConfig } from '../../config/config-file.ts'
import { describeDatabase } from '../../config/database-name.ts'
import { exitCodeOf } from '../../server/until-ended.ts'
import type { CommandContext } from '../../terminal/context.ts'
import { assertSharedDatabase } from '../../workers/worker-count.ts'
import { productionLogger } from './serve-log.ts'
import { serveRoutes } from './serve-routes.ts'
import { assertConfigured, readServeSettings, type ServeFlags, type ServeSettings } from './serve-settings.ts'

/** `focus serve`: the routes and the WebSocket for production, until SIGTERM (exit 0) or SIGINT (exit 130). */
export async function run(context: CommandContext, flags: ServeFlags): Promise<number> {
  const { terminal, env, signal } = context
  const { worker } = flags
  if (worker !== undefined) return (await import('./serve-worker.ts')).runWorker(context, { ...flags, worker })
  const config = await loadConfig(context)
  const settings = readServeSettings(flags, env, config)
  assertConfigured(env, config)
  const database = env.DATABASE_URL?.trim() || config.database || 'sqlite:focus.db'
  if (settings.workers > 1) assertSharedDatabase(database, settings.workers)
  context.outliveReader()
  const logger = productionLogger({ debug: terminal.debugs })
  const listening = (port: number) => {
    const document = documentOf(context, config, { settings, database, port })
    terminal.result(document, () => sentenceOf(document))
  }
  if (settings.workers > 1) {
    const { runPrimary } = await import('../../workers/primary.ts')
    const { workers: count, port, host } = settings
    await runPrimary({ count, port, host, logger, signal, listening })
  } else {
    await serveRoutes({ settings, config, env, logger, signal, listening })
  }
  return exitCodeOf(signal)
}

interface ServeDocument {
  readonly url: string | undefined
  readonly host: string
  readonly port: number
  readonly database: string
  readonly workers: number
}

function documentOf(
  { env }: CommandContext,
  config: FocusConfig,
  started: {
    readonly settings: ServeSettings
    readonly database: NonNullable<FocusConfig['database']>
    readonly port: number
  },
): ServeDocument {
  const { settings, database, port } = started
  return {
    url: env.FOCUS_PUBLIC_URL?.trim() || config.publicUrl,
    host: settings.host,
    port,
    database: describeDatabase(database),
    workers: settings.workers,
  }
}

function sentenceOf({ url, host, port, workers }: ServeDocument): string {
  return `Focus serves ${url} on ${host}, port ${port}${workers > 1 ? `, with ${workers} workers` : ''}.`
}
