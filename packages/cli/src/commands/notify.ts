import type { CommandContext } from '../context.ts'
import { CommandFailure, ExitCode, usageFailure } from '../failure.ts'
import { type JsonDocument, type RemoteClient, textOf } from '../remote/client.ts'
import type { RemoteFlags } from '../remote/settings.ts'
import { openClient } from '../remote/open.ts'
import { readNotification, type NotificationFlags } from '../notify/notification.ts'
import type { Terminal } from '../terminal.ts'

export interface NotifyFlags extends RemoteFlags, NotificationFlags {
  readonly broadcast?: boolean
}

/** `focus notify`: sends one notification to the people named, or to everybody, and says what became of it. */
export async function run(context: CommandContext, flags: NotifyFlags, operands: readonly string[]): Promise<number> {
  const { body, users: furtherUsers } = readNotification(flags)
  const users = [...operands, ...furtherUsers]
  if (flags.broadcast && users.length > 0) throw usageFailure('Name people or give --broadcast, not both.')
  if (!flags.broadcast && users.length === 0) {
    throw usageFailure(
      'Name the person: an id, a username or an e-mail address.',
      'Or give --broadcast to reach everybody.',
    )
  }
  const client = await openClient(context, flags)
  const { terminal } = context
  if (flags.broadcast) {
    const receipt = await send(client, { ...body, broadcast: true }, context)
    terminal.result(receipt, () => describe(terminal, 'everybody', receipt))
    return ExitCode.done
  }
  let exitCode: number = ExitCode.done
  for (const user of users) {
    try {
      const receipt = await send(client, { ...body, user }, context)
      const document = await withConnections(client, receipt, context)
      terminal.result(document, () => describe(terminal, user, document))
    } catch (error) {
      // One unknown person must not keep the others from theirs.
      if (!(error instanceof CommandFailure) || error.code !== 'unknown_user') throw error
      exitCode = terminal.fail(error)
    }
  }
  return exitCode
}

function send(client: RemoteClient, body: object, { signal }: CommandContext): Promise<JsonDocument> {
  return client.call('/notifications', { method: 'POST', body, signal })
}

/** How many connections the person has, asked after the notification is on its way. */
async function withConnections(
  client: RemoteClient,
  receipt: JsonDocument,
  { signal }: CommandContext,
): Promise<JsonDocument> {
  const { connections } = await client.call('/ws/connections', { signal })
  const own = Array.isArray(connections) ? connections.filter((one) => userIdOf(one) === receipt.user_id) : []
  return { ...receipt, connections: own.length }
}

function userIdOf(connection: unknown): unknown {
  return typeof connection === 'object' && connection !== null ? Reflect.get(connection, 'user_id') : undefined
}

function describe(terminal: Terminal, who: string, receipt: JsonDocument): string {
  const { outcome, offset, connections, reason } = receipt
  const parts = [
    `${terminal.style('green', textOf(outcome))}${reason === undefined ? '' : ` (${textOf(reason)})`}`,
    ...(offset === undefined ? [] : [`offset ${textOf(offset)}`]),
    ...(connections === undefined ? [] : [connections === 1 ? '1 connection' : `${textOf(connections)} connections`]),
  ]
  return `${who}: ${parts.join(', ')}`
}
