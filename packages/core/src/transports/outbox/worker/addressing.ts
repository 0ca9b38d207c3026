import type { UserKey } from '../../../common/user-id.ts'
import type { OutboxPayload } from '../outbox-port.ts'
import { isWanted, type PreferenceReader } from '../../preferences/preferences-port.ts'
import type { OutboundMessage, DeliveryRecipient, Transport } from '../../transport.ts'

export interface Addressing {
  readonly personOf: (userKey: UserKey) => Promise<DeliveryRecipient>
  readonly preferences: PreferenceReader
}

/** The message of a row of the outbox as a transport gets it; null when there is nobody, or nowhere, to deliver it to. */
export async function addressMessage(
  transport: Transport,
  payload: OutboxPayload,
  { personOf, preferences }: Addressing,
): Promise<OutboundMessage | null> {
  const { userKey, ...content } = payload
  const addressed = transport.addresses !== undefined
  if (userKey === null) return addressed ? null : { ...content, user: null, to: [] }
  // Asked again here: what was switched off after the commit is off.
  if (!payload.critical && !isWanted(await preferences.matrixOf(userKey), payload.event, transport.name)) return null
  const { user, reachable } = await personOf(userKey)
  if (!addressed) return { ...content, user, to: [] }
  const to = reachable ? ((await transport.addresses?.(user)) ?? []) : []
  return to.length === 0 ? null : { ...content, user, to }
}
