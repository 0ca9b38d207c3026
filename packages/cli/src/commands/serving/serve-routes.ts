import { attachUpgrade, nodeHandler } from '@focus-api/adapters/node'
import { createFocus, type Focus, type Logger } from '@focus-api/core'
import type { FocusConfig } from '../../config/config-file.ts'
import { focusOptionsOf } from '../../config/focus-options.ts'
import { opsHandler } from '../../pages/ops/ops-handler.ts'
import { closeHttp } from '../../server/close.ts'
import { createHttpServer } from '../../server/http-server.ts'
import { listen } from '../../server/listen-on.ts'
import { sendProblem } from '../../server/problem.ts'
import { untilEnded } from '../../server/until-ended.ts'
import type { Environment } from '../../terminal/context.ts'
import type { ServeSettings } from './serve-settings.ts'

export interface ServeOptions {
  readonly settings: ServeSettings
  readonly config: FocusConfig
  readonly env: Environment
  readonly logger: Logger
  /** Its abort ends the server. */
  readonly signal: AbortSignal
  /** Called once the server accepts connections. */
  readonly listening: (port: number) => void
  /** Whether other processes listen on the port too. */
  readonly sharesPort?: boolean
  /** Returns the Focus that the routes use. */
  readonly extend?: (focus: Focus) => Focus
}

/**
 * Serves the routes and the WebSocket from this process until the signal, then drains.
 *
 * @throws FocusError for a wrong setting or an unreachable database; CommandFailure `port_taken`, `cannot_listen`
 */
export async function serveRoutes(options: ServeOptions): Promise<void> {
  const { settings, config, env, logger, signal, listening, sharesPort = false, extend = same } = options
  const focus = await createFocus({ ...focusOptionsOf(config, env), env, logger })
  try {
    const routes = nodeHandler(extend(focus))
    const ops = settings.ops ? opsHandler(focus.basePath) : () => false
    const server = createHttpServer((request, response) => {
      // A proxy must not send its next request on a connection that is about to end.
      if (signal.aborted) response.setHeader('connection', 'close')
      if (!routes(request, response) && !ops(request, response))
        void sendProblem(response, 'not_found', `No route exists at ${(request.url ?? '/').split('?', 1)[0]}.`)
    })
    const detach = attachUpgrade(server, focus)
    const port = await listen(server, settings.port, settings.host, { shared: sharesPort })
    try {
      listening(port)
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
}

function same(focus: Focus): Focus {
  return focus
}
