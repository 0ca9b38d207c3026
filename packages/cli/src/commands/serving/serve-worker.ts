import { loadConfig } from '../../config/config-file.ts'
import { exitCodeOf } from '../../server/until-ended.ts'
import type { CommandContext } from '../../terminal/context.ts'
import { toFailure } from '../../terminal/failure.ts'
import { portsAreShared, WorkerChannel } from '../../workers/worker.ts'
import { productionLogger } from './serve-log.ts'
import { serveRoutes } from './serve-routes.ts'
import { readServeSettings, type ServeFlags } from './serve-settings.ts'

/**
 * One worker process of `focus serve --workers`. It prints nothing but log lines: its primary process prints the result,
 * or the reason why it cannot start.
 */
export async function runWorker(
  context: CommandContext,
  flags: ServeFlags & { readonly worker: string },
): Promise<number> {
  const { terminal, env, signal } = context
  const channel = new WorkerChannel(flags.worker)
  context.outliveReader()
  try {
    const config = await loadConfig(context)
    const adminKey = env.FOCUS_ADMIN_KEY?.trim() || config.adminKey || ''
    const node = env.FOCUS_NODE?.trim() || config.node
    await serveRoutes({
      settings: readServeSettings(flags, env, config),
      config,
      // Each node needs a name of its own.
      env: node ? { ...env, FOCUS_NODE: nameOfWorker(node, channel.worker) } : env,
      logger: productionLogger({ debug: terminal.debugs, worker: channel.worker }),
      signal,
      sharesPort: portsAreShared,
      listening: () => channel.ready(),
      extend: (focus) => channel.withMetricsOfAll(focus, adminKey),
    })
    return exitCodeOf(signal)
  } catch (error) {
    if (channel.failed(error)) return toFailure(error).exitCode
    throw error
  } finally {
    channel.close()
  }
}

const LONGEST_NAME = 64

function nameOfWorker(node: string, worker: number): string {
  const suffix = `-${worker}`
  // The end of a name tells machines apart more often than its start. A name that is too long stays so, and Focus refuses it.
  return node.length > LONGEST_NAME ? node : node.slice(-(LONGEST_NAME - suffix.length)) + suffix
}
