import type { CommandContext } from '../../terminal/context.ts'
import { textOf } from '../../remote/client.ts'
import type { RemoteFlags } from '../../remote/remote-settings.ts'
import { ago } from '../../terminal/table.ts'
import { act, list as listRows, path, required } from '../operate.ts'

/** `focus transports list`: configured transports, with their waiting and failed deliveries. */
export function list(context: CommandContext, flags: RemoteFlags): Promise<void> {
  return listRows(context, flags, {
    path: '/admin/transports',
    field: 'transports',
    columns: ['TRANSPORT', 'STATE', 'WAITING', 'OLDEST', 'DEAD', 'DELIVERED', 'RETRIED'],
    cells: (row) => [
      textOf(row.name),
      typeof row.disabled_reason === 'string'
        ? `disabled: ${row.disabled_reason}`
        : row.configured === true
          ? 'on'
          : 'not configured',
      textOf(row.waiting),
      ago(row.oldest_waiting),
      textOf(row.dead),
      textOf(row.delivered),
      textOf(row.retried),
    ],
    none: 'No transports are configured: notifications go to the inbox and to open connections.',
  })
}

/** `focus transports enable <name>`: enables a transport that was disabled because its peer was gone. */
export function enable(context: CommandContext, flags: RemoteFlags, operands: readonly string[]): Promise<void> {
  const name = required(operands, 'the transport; `focus transports` lists them')
  return act(context, flags, {
    path: path`/admin/transports/${name}/enable`,
    request: { method: 'POST', body: {} },
    done: () => `${name} is enabled.`,
  })
}
