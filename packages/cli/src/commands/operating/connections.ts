import type { CommandContext } from '../../terminal/context.ts'
import { type Json, type JsonDocument, textOf } from '../../remote/client.ts'
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
    path: user === undefined ? '/ws/connections' : `/ws/connections?user_id=${encodeURIComponent(textOf(userId))}`,
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
    // A server of an earlier version lists all connections.
    ...(user === undefined ? {} : { wanted: (row) => row.user_id === userId }),
    after: whatIsMissing,
  })
}

/** Tells that there are more connections, and names the nodes that did not answer. */
function whatIsMissing(answer: JsonDocument): string | null {
  const { connections, total, truncated, missing_nodes: missing } = answer
  const remarks: string[] = []
  if (truncated === true && Array.isArray(connections)) {
    remarks.push(`These are ${connections.length} of ${textOf(total)} connections; --user lists those of one user.`)
  }
  if (Array.isArray(missing) && missing.length > 0) {
    const names = missing.map(textOf).join(', ')
    remarks.push(
      `No answer from ${names}: connections of ${missing.length === 1 ? 'this node' : 'these nodes'} are missing.`,
    )
  }
  return remarks.length === 0 ? null : remarks.join('\n')
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

async function userIdOf(context: CommandContext, flags: RemoteFlags, user: string): Promise<Json | undefined> {
  const client = await openClient(context, flags)
  return (await client.call(path`/admin/users/${user}`, { signal: context.signal })).id
}
