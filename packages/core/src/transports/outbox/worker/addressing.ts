import type { OutboxPayload } from '../outbox-port.ts'
import { isWanted } from '../../preferences/preferences-port.ts'
import type { PreferenceReader } from '../../preferences/preference-reader.ts'
import type { OutboundMessage, Transport } from '../../transport.ts'
import type { RecipientCache } from '../recipient-cache.ts'

export interface Addressing {
  readonly recipients: RecipientCache
  readonly preferences: PreferenceReader
}

/** Returns the message for the transport; null when the user does not want it, cannot be reached, or has no address. */
export async function addressMessage(
  transport: Transport,
  payload: OutboxPayload,
  { recipients, preferences }: Addressing,
): Promise<OutboundMessage | null> {
  const { userKey, ...content } = payload
  const addressed = transport.addresses !== undefined
  if (userKey === null) return addressed ? null : { ...content, user: null, to: [] }
  // The user may have switched the topic off after the commit.
  if (!payload.critical && !isWanted(await preferences.matrixOf(userKey), payload.event, transport.name)) return null
  const { user, reachable } = await recipients.get(userKey)
  if (!addressed) return { ...content, user, to: [] }
  const to = reachable ? ((await transport.addresses?.(user)) ?? []) : []
  return to.length === 0 ? null : { ...content, user, to }
}
