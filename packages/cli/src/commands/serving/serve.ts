import { attachUpgrade, nodeHandler } from '@focus-api/adapters/node'
import { createFocus } from '@focus-api/core'
import { focusOptionsOf, loadConfig } from '../../config/config-file.ts'
import type { CommandContext } from '../../terminal/context.ts'
import { describeDatabase } from '../../config/database-name.ts'
import { closeHttp } from '../../server/close.ts'
import { listen } from '../../server/listen-on.ts'
import { createHttpServer } from '../../server/http-server.ts'
import { sendProblem } from '../../server/problem.ts'
import { exitCodeOf, untilEnded } from '../../server/until-ended.ts'
import { opsHandler } from '../../pages/ops/ops-handler.ts'
import { productionLogger } from './serve-log.ts'
import { assertConfigured, readServeSettings, type ServeFlags } from './serve-settings.ts'

/** `focus serve`: the routes and the WebSocket for production, until SIGTERM (exit 0) or SIGINT (exit 130). */
export async function run(context: CommandContext, flags: ServeFlags): Promise<number> {
  const { terminal, env, signal } = context
  const config = await loadConfig(context)
  const settings = readServeSettings(flags, env, config)
  assertConfigured(env, config)
  context.outliveReader()
  const logger = productionLogger({ debug: terminal.debugs })
  const focus = await createFocus({ ...focusOptionsOf(config, env), env, logger })
  try {
    const routes = nodeHandler(focus)
    const ops = settings.ops ? opsHandler(focus.basePath) : () => false
    const server = createHttpServer((request, response) => {
      if (!routes(request, response) && !ops(request, response))
        void sendProblem(response, 'not_found', `No route exists at ${(request.url ?? '/').split('?', 1)[0]}.`)
    })
    const detach = attachUpgrade(server, focus)
    const port = await listen(server, settings.port, settings.host)
    try {
      const document = {
        url: env.FOCUS_PUBLIC_URL?.trim() || config.publicUrl,
        host: settings.host,
        port,
        database: describeDatabase(env.DATABASE_URL?.trim() || config.database || 'sqlite:focus.db'),
      }
      terminal.result(document, () => `Focus serves ${document.url} on ${settings.host}, port ${port}.`)
      await untilEnded(signal)
      logger.info('draining', { windowMs: settings.drainMs })
      await focus.drain({ windowMs: settings.drainMs })
    } finally {
      detach()
      await closeHttp(server)
    }
  } finally {
    await focus.close()
  }
  logger.info('ended')
  return exitCodeOf(signal)
}
