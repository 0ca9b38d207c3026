import type { CommandContext } from '../../terminal/context.ts'
import { usageFailure } from '../../terminal/failure.ts'
import { textOf } from '../../remote/client.ts'
import type { RemoteFlags } from '../../remote/remote-settings.ts'
import { openClient } from '../../remote/open.ts'

/**
 * `focus token <user>`: a short-lived access token for tests. Plain output is only the token, for `$(focus token 7)`.
 */
export async function run(context: CommandContext, flags: RemoteFlags, [user]: readonly string[]): Promise<void> {
  if (user === undefined) throw usageFailure('Name the user: an id, a username or an e-mail address.')
  const client = await openClient(context, flags)
  const answer = await client.call('/admin/token', { method: 'POST', body: { user }, signal: context.signal })
  context.terminal.result(answer, () => textOf(answer.access_token))
}
