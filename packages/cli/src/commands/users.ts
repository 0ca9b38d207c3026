import type { CommandContext } from '../context.ts'
import { usageFailure } from '../failure.ts'
import { type JsonDocument, textOf } from '../remote/client.ts'
import { withRoutes } from '../remote/routes.ts'
import type { RemoteFlags } from '../remote/settings.ts'
import { act, cells, list as listRows, path, required } from './operate.ts'

export interface UsersFlags extends RemoteFlags {
  readonly search?: string
  readonly limit?: string
  readonly after?: string
}

/** `focus users list` */
export function list(context: CommandContext, { search, limit, after, ...flags }: UsersFlags): Promise<void> {
  const query = new URLSearchParams()
  if (search !== undefined) query.set('search', search)
  if (after !== undefined) query.set('after', after)
  if (limit !== undefined) {
    if (!/^\d+$/.test(limit)) throw usageFailure(`--limit: expected a whole number, got ${JSON.stringify(limit)}.`)
    query.set('limit', limit)
  }
  return listRows(context, flags, {
    path: `/admin/users?${query}`,
    field: 'users',
    columns: ['ID', 'USERNAME', 'E-MAIL', 'NAME', 'DISABLED'],
    cells: cells('id', 'username', 'email', 'full_name', 'disabled'),
    none: 'There are no such users.',
  })
}

/** `focus users show <user>` */
export async function show(context: CommandContext, flags: RemoteFlags, operands: readonly string[]): Promise<void> {
  const user = required(operands, 'the user: an id, a username or an e-mail address')
  const { terminal, signal } = context
  await withRoutes(context, flags, async (routes) => {
    const answer = await routes.call(path`/admin/users/${user}`, { signal })
    terminal.result(answer, () => lines(answer))
  })
}

/** `focus users disable <user>`: their sessions end and their connections close. */
export const disable = (context: CommandContext, flags: RemoteFlags, operands: readonly string[]) =>
  setDisabled(context, flags, operands, 'disable')

/** `focus users enable <user>` */
export const enable = (context: CommandContext, flags: RemoteFlags, operands: readonly string[]) =>
  setDisabled(context, flags, operands, 'enable')

function setDisabled(
  context: CommandContext,
  flags: RemoteFlags,
  operands: readonly string[],
  action: 'disable' | 'enable',
): Promise<void> {
  const user = required(operands, 'the user: an id, a username or an e-mail address')
  return act(context, flags, {
    path: path`/admin/users/${user}/${action}`,
    request: { method: 'POST', body: {} },
    done: (answer) => `${textOf(answer.username)} is ${action}d.`,
  })
}

function lines(user: JsonDocument): string {
  return Object.entries(user)
    .map(([name, value]) => `${textOf(name).padEnd(16)}${textOf(value)}`)
    .join('\n')
}
