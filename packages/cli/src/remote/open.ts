import { loadConfig } from '../config/config-file.ts'
import type { CommandContext } from '../terminal/context.ts'
import { RemoteClient } from './client.ts'
import { type RemoteFlags, resolveRemote } from './remote-settings.ts'

/** Opens a client of the server that flags, environment, `focus.config.ts` or folder name. */
export async function openClient(context: CommandContext, flags: RemoteFlags): Promise<RemoteClient> {
  return new RemoteClient(resolveRemote(flags, context, await loadConfig(context)))
}
