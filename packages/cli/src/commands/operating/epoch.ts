import type { CommandContext } from '../../terminal/context.ts'
import { textOf } from '../../remote/client.ts'
import { withRoutes } from '../../remote/routes.ts'
import type { RemoteFlags } from '../../remote/remote-settings.ts'
import { act } from '../operate.ts'

/** `focus epoch show` */
export async function show(context: CommandContext, flags: RemoteFlags): Promise<void> {
  const { terminal, signal } = context
  await withRoutes(context, flags, async (routes) => {
    const answer = await routes.call('/admin/epoch', { signal })
    terminal.result(answer, () => textOf(answer.epoch))
  })
}

/** `focus epoch rotate`: invalidates the positions of clients, so that no old position is taken for a current one. */
export function rotate(context: CommandContext, flags: RemoteFlags): Promise<void> {
  return act(context, flags, {
    path: '/admin/epoch/rotate',
    request: { method: 'POST', body: {} },
    done: ({ epoch }) => `The epoch is ${textOf(epoch)}. Connected clients reconnect and load their inbox.`,
  })
}
