import type { CommandContext } from '../context.ts'
import { CommandFailure } from '../failure.ts'
import { type JsonDocument, textOf } from '../remote/client.ts'
import type { RemoteFlags } from '../remote/settings.ts'
import { openClient } from '../remote/open.ts'
import type { Terminal } from '../terminal.ts'

/** `focus stats`: who is connected, once. */
export async function run(context: CommandContext, flags: RemoteFlags): Promise<void> {
  const { terminal, signal } = context
  const client = await openClient(context, flags)
  const stats = await client.call('/ws/stats', { signal })
  if (typeof stats.active_connections !== 'number') {
    throw new CommandFailure('not_focus', `What answers at ${client.base} is not a Focus server.`, {
      hint: 'Check --url (or FOCUS_URL).',
    })
  }
  terminal.result(stats, () => table(terminal, stats))
}

function table(terminal: Terminal, stats: JsonDocument): string {
  const ids = Array.isArray(stats.connected_user_ids) ? stats.connected_user_ids : []
  const rows: [string, string][] = [
    ['WebSocket', stats.websocket_enabled === true ? 'on' : 'off'],
    ['Connected people', textOf(stats.active_users)],
    ['Connections', textOf(stats.active_connections)],
    ['Ids', ids.length === 0 ? '–' : ids.slice(0, 20).join(', ') + (ids.length > 20 ? ', …' : '')],
  ]
  return rows.map(([name, value]) => `${terminal.style('dim', name.padEnd(18))}${value}`).join('\n')
}
