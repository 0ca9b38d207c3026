import type { CommandContext } from '../../terminal/context.ts'
import { CommandFailure, ExitCode, usageFailure } from '../../terminal/failure.ts'
import { type JsonDocument, type RemoteClient, textOf } from '../../remote/client.ts'
import type { RemoteFlags } from '../../remote/remote-settings.ts'
import { openClient } from '../../remote/open.ts'
import { readNotification, type NotificationFlags } from './notification.ts'
import { path } from '../operate.ts'
import type { Terminal } from '../../terminal/terminal.ts'

export interface NotifyFlags extends RemoteFlags, NotificationFlags {
  readonly broadcast?: boolean
  readonly idempotencyKey?: string
  /** Id of a scheduled notification. */
  readonly cancel?: string
}

/** `focus notify`: sends a notification to the named users, or to all users, and prints the outcome. */
export async function run(context: CommandContext, flags: NotifyFlags, operands: readonly string[]): Promise<number> {
  if (flags.cancel !== undefined) return cancel(context, flags, flags.cancel, operands)
  const { body, users: furtherUsers } = readNotification(flags, Date.now())
  const users = [...operands, ...furtherUsers]
  const { idempotencyKey: key } = flags
  if (flags.broadcast && users.length > 0) throw usageFailure('Name users or pass --broadcast, not both.')
  if (!flags.broadcast && users.length === 0) {
    throw usageFailure(
      'Name the user: an id, a username or an e-mail address.',
      'Or pass --broadcast to reach all users.',
    )
  }
  if (key !== undefined && !/^[\x20-\x7e]{1,255}$/.test(key)) {
    throw usageFailure('--idempotency-key requires 1 to 255 printable ASCII characters.')
  }
  const client = await openClient(context, flags)
  const { terminal } = context
  if (flags.broadcast) {
    const receipt = await send(client, { ...body, broadcast: true }, key, context)
    terminal.result(receipt, () => describe(terminal, 'everybody', receipt))
    return ExitCode.done
  }
  let exitCode: number = ExitCode.done
  for (const user of users) {
    try {
      // Each user gets a separate request, and an idempotency key stands for one request.
      const ownKey = key === undefined || users.length === 1 ? key : `${key}:${encodeURIComponent(user)}`
      const receipt = await send(client, { ...body, user }, ownKey, context)
      const document = await withConnections(client, receipt, context)
      terminal.result(document, () => describe(terminal, user, document))
    } catch (error) {
      // An unknown user must not keep the others from getting theirs.
      if (!(error instanceof CommandFailure) || error.code !== 'unknown_user') throw error
      exitCode = terminal.fail(error)
    }
  }
  return exitCode
}

/** Cancels a scheduled notification. */
async function cancel(
  context: CommandContext,
  flags: NotifyFlags,
  id: string,
  operands: readonly string[],
): Promise<number> {
  const besides = Object.keys(flags).filter((name) => !['cancel', 'url', 'adminKey', 'json'].includes(name))
  if (operands.length > 0 || besides.length > 0) throw usageFailure('--cancel takes an id and no other arguments.')
  if (id === '') throw usageFailure('--cancel requires the id of a scheduled notification.')
  const client = await openClient(context, flags)
  await client.call(path`/notifications/scheduled/${id}`, { method: 'DELETE', signal: context.signal })
  context.terminal.result({ ok: true, id }, () => `${id}: cancelled`)
  return ExitCode.done
}

function send(
  client: RemoteClient,
  body: object,
  key: string | undefined,
  { signal }: CommandContext,
): Promise<JsonDocument> {
  const headers = key === undefined ? {} : { 'idempotency-key': key }
  return client.call('/notifications', { method: 'POST', body, headers, signal })
}

/** Returns the number of the user's connections to all nodes, read after the notification was sent. */
async function withConnections(
  client: RemoteClient,
  receipt: JsonDocument,
  { signal }: CommandContext,
): Promise<JsonDocument> {
  const { connections } = await client.call(path`/ws/connections?user_id=${textOf(receipt.user_id)}`, { signal })
  const own = Array.isArray(connections) ? connections.filter((one) => userIdOf(one) === receipt.user_id) : []
  return { ...receipt, connections: own.length }
}

function userIdOf(connection: unknown): unknown {
  return typeof connection === 'object' && connection !== null ? Reflect.get(connection, 'user_id') : undefined
}

function describe(terminal: Terminal, who: string, receipt: JsonDocument): string {
  const { outcome, id, offset, connections, reason } = receipt
  const parts = [
    `${terminal.style(outcome === 'suppressed' ? 'yellow' : 'green', textOf(outcome))}${reason === undefined ? '' : ` (${textOf(reason)})`}`,
    // The id cancels a scheduled notification.
    ...(offset === undefined ? (id === undefined ? [] : [`id ${textOf(id)}`]) : [`offset ${textOf(offset)}`]),
    ...(connections === undefined || offset === undefined
      ? []
      : [connections === 1 ? '1 connection' : `${textOf(connections)} connections`]),
  ]
  return `${who}: ${parts.join(', ')}`
}
