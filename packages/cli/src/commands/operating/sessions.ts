import type { CommandContext } from '../../terminal/context.ts'
import { usageFailure } from '../../terminal/failure.ts'
import { textOf } from '../../remote/client.ts'
import type { RemoteFlags } from '../../remote/remote-settings.ts'
import { ago } from '../../terminal/table.ts'
import { act, list as listRows, path, required } from '../operate.ts'

export interface RevokeFlags extends RemoteFlags {
  readonly user?: string
}

/** `focus sessions list <user>` */
export function list(context: CommandContext, flags: RemoteFlags, operands: readonly string[]): Promise<void> {
  const user = required(operands, 'the user: an id, a username or an e-mail address')
  return listRows(context, flags, {
    path: `/admin/sessions?${new URLSearchParams({ user })}`,
    field: 'sessions',
    columns: ['ID', 'STARTED', 'LAST USED', 'DEVICE'],
    cells: (row) => [textOf(row.id), ago(row.created_at), ago(row.last_used_at), textOf(row.user_agent)],
    none: 'This user has no sessions.',
  })
}

/** `focus sessions revoke <id>`, or `--user` for all sessions of a user. */
export function revoke(
  context: CommandContext,
  { user, ...flags }: RevokeFlags,
  [id]: readonly string[],
): Promise<void> {
  if ((id === undefined) === (user === undefined))
    throw usageFailure('Name a session, or pass --user for all sessions of a user.')
  return act(context, flags, {
    path:
      id === undefined ? `/admin/sessions?${new URLSearchParams({ user: user ?? '' })}` : path`/admin/sessions/${id}`,
    request: { method: 'DELETE' },
    hints: { not_found: '`focus sessions list <user>` lists them.' },
    done: (answer) => (id === undefined ? `${textOf(answer.revoked)} sessions have ended.` : 'The session has ended.'),
  })
}
