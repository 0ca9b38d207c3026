import type { CommandContext } from '../../terminal/context.ts'
import { usageFailure } from '../../terminal/failure.ts'
import { textOf } from '../../remote/client.ts'
import type { RemoteFlags } from '../../remote/remote-settings.ts'
import { ago } from '../../terminal/table.ts'
import { oneOf, pageSize, timeSpan, wholeNumber } from '../flag-forms.ts'
import { act, list as listRows } from '../operate.ts'

interface Selection extends RemoteFlags {
  readonly transport?: string
  readonly state?: string
  readonly user?: string
}

export interface DeliveriesFlags extends Selection {
  readonly limit?: string
  readonly after?: string
}

export interface PurgeFlags extends Selection {
  readonly olderThan?: string
}

/** `focus deliveries list`: waiting and failed deliveries, with the reasons. */
export function list(context: CommandContext, { limit, after, ...flags }: DeliveriesFlags): Promise<void> {
  const query = new URLSearchParams({
    ...selection(flags),
    ...(limit === undefined ? {} : { limit: String(pageSize(limit)) }),
    ...(after === undefined ? {} : { after: String(wholeNumber('--after', after)) }),
  })
  return listRows(context, flags, {
    path: `/admin/deliveries?${query}`,
    field: 'deliveries',
    columns: ['ID', 'TRANSPORT', 'USER', 'STATE', 'ATTEMPTS', 'AGE', 'TITLE', 'LAST ERROR'],
    cells: (row) => [
      textOf(row.id),
      textOf(row.transport),
      textOf(row.user_id),
      textOf(row.state),
      textOf(row.attempts),
      ago(row.created_at),
      textOf(row.title),
      textOf(row.last_error),
    ],
    none: 'The outbox is empty.',
  })
}

/** `focus deliveries retry [ids...]`: retries the named deliveries, or all failed ones of a selection. */
export function retry(context: CommandContext, flags: Selection, ids: readonly string[]): Promise<void> {
  return act(context, flags, {
    path: '/admin/deliveries/retry',
    request: { method: 'POST', body: which(flags, ids) },
    done: ({ retried }) => `${textOf(retried)} will be retried.`,
  })
}

/** `focus deliveries purge [ids...]`: deletes the named deliveries, or all failed ones of a selection. */
export function purge(
  context: CommandContext,
  { olderThan, ...flags }: PurgeFlags,
  ids: readonly string[],
): Promise<void> {
  return act(context, flags, {
    path: '/admin/deliveries/purge',
    request: {
      method: 'POST',
      body: {
        ...which(flags, ids),
        ...(olderThan === undefined ? {} : { older_than: timeSpan('--older-than', olderThan) }),
      },
    },
    done: ({ purged }) => `${textOf(purged)} deleted.`,
  })
}

function which(flags: Selection, ids: readonly string[]): object {
  const selected = selection(flags)
  if (ids.length === 0) return selected
  if (Object.keys(selected).length > 0) throw usageFailure('Name deliveries or select them with flags, not both.')
  return { ids: ids.map(deliveryId) }
}

function deliveryId(text: string): number {
  const id = /^\d+$/.test(text) ? Number(text) : 0
  if (id >= 1 && Number.isSafeInteger(id)) return id
  throw usageFailure(
    `Expected the number of a delivery, got ${JSON.stringify(text)}.`,
    '`focus deliveries` lists them.',
  )
}

const states = ['waiting', 'leased', 'dead']

function selection({ transport, state, user }: Selection): Record<string, string> {
  return {
    ...(transport === undefined ? {} : { transport }),
    ...(state === undefined ? {} : { state: oneOf('--state', state, states) }),
    ...(user === undefined ? {} : { user }),
  }
}
