import type { CommandContext } from '../../terminal/context.ts'
import { type JsonDocument, textOf } from '../../remote/client.ts'
import { withRoutes } from '../../remote/routes.ts'
import type { RemoteFlags } from '../../remote/remote-settings.ts'
import { ago, table } from '../../terminal/table.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { pageSize } from '../flag-forms.ts'
import { act, cells, list as listRows, path, required, rowsOf } from '../operate.ts'

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
  if (limit !== undefined) query.set('limit', String(pageSize(limit)))
  return listRows(context, flags, {
    path: `/admin/users?${query}`,
    field: 'users',
    columns: ['ID', 'USERNAME', 'E-MAIL', 'NAME', 'DISABLED'],
    cells: cells('id', 'username', 'email', 'full_name', 'disabled'),
    none: 'No users found.',
  })
}

/** `focus users show <user>` */
export async function show(context: CommandContext, flags: RemoteFlags, operands: readonly string[]): Promise<void> {
  const user = required(operands, 'the user: an id, a username or an e-mail address')
  const { terminal, signal } = context
  await withRoutes(context, flags, async (routes) => {
    const answer = await routes.call(path`/admin/users/${user}`, { signal })
    terminal.result(answer, () => portrait(terminal, answer))
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

/** Formats a user: one line per field, then tables of accounts and sessions. */
function portrait(terminal: Terminal, { accounts, sessions, ...user }: JsonDocument): string {
  const lines = Object.entries(user).map(([name, value]) => `${textOf(name).padEnd(16)}${textOf(value)}`)
  const accountTable = table(
    terminal,
    ['PROVIDER', 'SUBJECT', 'ISSUER'],
    rowsOf(accounts).map(cells('provider', 'subject', 'issuer')),
    'None.',
  )
  const sessionTable = table(
    terminal,
    ['ID', 'STARTED', 'LAST USED', 'DEVICE'],
    rowsOf(sessions).map((row) => [textOf(row.id), ago(row.created_at), ago(row.last_used_at), textOf(row.user_agent)]),
    'None.',
  )
  return [
    lines.join('\n'),
    `${terminal.style('bold', 'Accounts')}\n${accountTable}`,
    `${terminal.style('bold', 'Sessions')}\n${sessionTable}`,
  ].join('\n\n')
}
