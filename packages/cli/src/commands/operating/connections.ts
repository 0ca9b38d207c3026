import type { CommandContext } from '../../terminal/context.ts'
import { textOf } from '../../remote/client.ts'
import { openClient } from '../../remote/open.ts'
import type { RemoteFlags } from '../../remote/remote-settings.ts'
import { ago } from '../../terminal/table.ts'
import { act, list as listRows, path, required } from '../operate.ts'

export interface ConnectionsFlags extends RemoteFlags {
  readonly user?: string
}

/** `focus connections`: open connections, with their node and lag. */
export async function list(context: CommandContext, { user, ...flags }: ConnectionsFlags): Promise<void> {
  const userId = user === undefined ? undefined : await userIdOf(context, flags, user)
  await listRows(context, flags, {
    path: '/ws/connections',
    field: 'connections',
    columns: ['CONNECTION', 'USER', 'NODE', 'AGE', 'TRANSPORT', 'OFFSET', 'LAG'],
    cells: (row) => [
      textOf(row.id),
      textOf(row.user_id),
      textOf(row.node),
      ago(row.since),
      textOf(row.transport),
      textOf(row.offset),
      textOf(row.lag),
    ],
    none: 'No connections are open.',
    answeredBy: 'server',
    ...(user === undefined ? {} : { wanted: (row) => row.user_id === userId }),
  })
}

/** `focus connections close <id>` */
export function close(context: CommandContext, flags: RemoteFlags, operands: readonly string[]): Promise<void> {
  const id = required(operands, 'the connection; `focus connections` lists them')
  return act(context, flags, {
    path: path`/ws/connections/${id}`,
    request: { method: 'DELETE' },
    done: () => `The connection ${id} is closed.`,
    hints: { unknown_connection: '`focus connections` lists them.' },
    answeredBy: 'server',
  })
}

async function userIdOf(context: CommandContext, flags: RemoteFlags, user: string): Promise<unknown> {
  const client = await openClient(context, flags)
  return (await client.call(path`/admin/users/${user}`, { signal: context.signal })).id
}
