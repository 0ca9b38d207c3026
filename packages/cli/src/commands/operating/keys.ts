import type { CommandContext } from '../../terminal/context.ts'
import { textOf } from '../../remote/client.ts'
import type { RemoteFlags } from '../../remote/remote-settings.ts'
import { act, cells, list as listRows } from '../operate.ts'

export interface RotateFlags extends RemoteFlags {
  readonly immediately?: boolean
}

/** `focus keys list` */
export function list(context: CommandContext, flags: RemoteFlags): Promise<void> {
  return listRows(context, flags, {
    path: '/admin/keys',
    field: 'keys',
    columns: ['KEY', 'ALGORITHM', 'STATE', 'ACTIVE FROM', 'RETIRES'],
    cells: cells('kid', 'alg', 'state', 'activates_at', 'retires_at'),
    none: 'There are no keys yet.',
  })
}

/** `focus keys rotate` */
export function rotate(context: CommandContext, { immediately = false, ...flags }: RotateFlags): Promise<void> {
  return act(context, flags, {
    path: '/admin/keys/rotate',
    request: { method: 'POST', body: { immediately } },
    done: (key) => `The key ${textOf(key.kid)} signs from ${textOf(key.activates_at)}.`,
  })
}
