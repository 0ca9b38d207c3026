import { createHash } from 'node:crypto'
import { PermanentDeliveryError, RetryableDeliveryError } from './errors.ts'
import type { DeliveryAttempt } from './transport.ts'

/**
 * Sends to each address that earlier attempts did not settle. One that is slow or wrong takes nothing from the others: what
 * arrived or never will is remembered, and only the rest is tried again.
 *
 * @throws RetryableDeliveryError when some may arrive later; PermanentDeliveryError when one never will and none is left
 */
export async function sendToEach<Address>(
  addresses: readonly Address[],
  keyOf: (address: Address) => string,
  { delivered }: DeliveryAttempt,
  send: (address: Address) => Promise<void>,
): Promise<void> {
  const open = addresses
    .map((address) => ({ address, key: digest(keyOf(address)) }))
    .filter(({ key }) => !delivered.has(key))
  const results = await Promise.allSettled(open.map(({ address }) => send(address)))
  const failures = results.map((result) => (result.status === 'rejected' ? (result.reason as Error) : null))
  const healing = failures.find((failure) => failure !== null && !(failure instanceof PermanentDeliveryError))
  if (healing) {
    const settled = open.filter((_, index) => {
      const failure = failures[index]
      return failure === null || failure instanceof PermanentDeliveryError
    })
    throw new RetryableDeliveryError(healing.message, {
      ...(healing instanceof RetryableDeliveryError && healing.retryAfterMs !== null
        ? { retryAfterMs: healing.retryAfterMs }
        : {}),
      delivered: settled.map(({ key }) => key),
      cause: healing,
    })
  }
  const refused = failures.find((failure) => failure !== null)
  if (refused) throw refused
}

/** Addresses may hold secrets, and the outbox must not. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}
