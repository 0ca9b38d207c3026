import type { CommandContext } from '../../terminal/context.ts'
import { usageFailure } from '../../terminal/failure.ts'
import { listen, type Position } from './listener.ts'
import { messageLine } from './message-line.ts'
import { type RemoteClient, textOf } from '../../remote/client.ts'
import type { RemoteFlags } from '../../remote/remote-settings.ts'
import { openClient } from '../../remote/open.ts'

export interface ListenFlags extends RemoteFlags {
  readonly token?: string
  readonly user?: string
  readonly since?: string
  readonly events?: string
}

/** `focus listen`: prints the messages of a user as they arrive, until interrupted. */
export async function run(context: CommandContext, flags: ListenFlags): Promise<void> {
  const { terminal, signal } = context
  if ((flags.token === undefined) === (flags.user === undefined)) {
    throw usageFailure('Pass either --user (an id, a username or an e-mail address) or --token.')
  }
  const client = await openClient(context, flags)
  await listen({
    base: client.base,
    token: () => accessToken(client, flags, signal),
    events: topics(flags.events),
    from: position(flags.since),
    signal,
    onMessage: (message) => terminal.result(message, () => messageLine(terminal, message)),
    onNote: (note) => terminal.note(terminal.styleError('dim', note)),
  })
}

async function accessToken(client: RemoteClient, { token, user }: ListenFlags, signal: AbortSignal): Promise<string> {
  if (token !== undefined) return token
  const answer = await client.call('/admin/token', { method: 'POST', body: { user: user ?? '' }, signal })
  return textOf(answer.access_token)
}

function topics(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((topic) => topic.trim())
    .filter((topic) => topic !== '')
}

function position(since: string | undefined): Position | null {
  if (since === undefined) return null
  if (!/^\d+$/.test(since))
    throw usageFailure(`--since: expected an offset, a whole number from 0, got ${JSON.stringify(since)}.`)
  return { epoch: null, offset: Number(since) }
}
