import type { CommandContext } from '../../terminal/context.ts'
import { type Json, type JsonDocument, textOf } from '../../remote/client.ts'
import type { RemoteFlags } from '../../remote/remote-settings.ts'
import { ago } from '../../terminal/table.ts'
import { list } from '../operate.ts'

/** `focus nodes`: the processes that share the database, with their users and connections. */
export async function run(context: CommandContext, flags: RemoteFlags): Promise<void> {
  await list(context, flags, {
    path: '/admin/nodes',
    field: 'nodes',
    columns: ['NODE', 'ADDRESS', 'VERSION', 'AGE', 'USERS', 'CONNECTIONS', 'DELIVERIES/S'],
    cells: (row) => [
      textOf(row.name),
      textOf(row.address),
      textOf(row.version),
      ago(row.started_at),
      textOf(row.users),
      textOf(row.connections),
      rateOf(row.rates),
    ],
    none: 'No nodes are alive.',
    answeredBy: 'server',
    after: brokerRemark,
  })
}

function rateOf(rates: Json | undefined): string {
  const deliveries = typeof rates === 'object' && rates !== null ? Reflect.get(rates, 'deliveries') : undefined
  return typeof deliveries === 'number' ? deliveries.toFixed(1) : '–'
}

/** Warns while the node that answered may lose messages of the others. */
function brokerRemark({ broker }: JsonDocument): string | null {
  if (typeof broker !== 'object' || broker === null || Reflect.get(broker, 'connected') !== false) return null
  return `The broker (${textOf(Reflect.get(broker, 'kind') as Json)}) is away: notifications of other nodes arrive within a second.`
}
