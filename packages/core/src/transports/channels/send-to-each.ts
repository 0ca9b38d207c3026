import { sha256Base64Url } from '../../common/hashing.ts'
import { PermanentDeliveryError, RetryableDeliveryError, UncertainDeliveryError } from '../transport-errors.ts'
import type { DeliveryAttempt } from '../transport.ts'

/** `gone`: the address does not exist any more, which is not a failure of the message. */
export type SendResult = 'arrived' | 'gone'

/**
 * Sends a message to those addresses of a user that earlier attempts did not settle. A slow or wrong address does not affect the
 * others: the outbox remembers which addresses have the message and which refused it, and only the rest is tried again. The message
 * is delivered when one address has it and no other can still get it.
 *
 * @throws RetryableDeliveryError when an address can be tried again, with the longest wait that any of them asked for; never with
 *   `pause`, because the address of one user must not make others wait
 * @throws UncertainDeliveryError when one address may have the message and none certainly has it
 * @throws PermanentDeliveryError when every address refused it
 */
export async function sendToEach<Address>(
  addresses: readonly Address[],
  keyOf: (address: Address) => string,
  { delivered, refused = new Set() }: DeliveryAttempt,
  send: (address: Address) => Promise<SendResult | void>,
): Promise<void> {
  const byKey = new Map(addresses.map((address) => [digest(keyOf(address)), address]))
  const keyed = [...byKey].map(([key, address]) => ({ key, address }))
  const open = keyed.filter(({ key }) => !delivered.has(key) && !refused.has(key))
  const results = await Promise.allSettled(open.map(({ address }) => send(address)))
  const ends = open.map(({ key }, index) => ({ key, ...endOf(results[index]) }))
  const keysOf = (kind: (end: End) => boolean) => ends.filter(kind).map(({ key }) => key)
  const arrived = keysOf(({ error, gone }) => error === null && !gone)
  const uncertain = ends.find(({ error }) => error instanceof UncertainDeliveryError)?.error
  const never = ends.find(({ error }) => error instanceof PermanentDeliveryError)?.error
  const later = ends.flatMap(({ error }) => (error !== null && !isFinal(error) ? [error] : []))
  const [first] = later
  if (first) {
    throw new RetryableDeliveryError(first.message, {
      ...longestWait(later),
      ...(first instanceof RetryableDeliveryError ? { category: first.category } : {}),
      // An address that may have the message gets no second copy.
      delivered: [...arrived, ...keysOf(({ error }) => error instanceof UncertainDeliveryError)],
      refused: keysOf(({ error, gone }) => gone || error instanceof PermanentDeliveryError),
      cause: first,
    })
  }
  if (arrived.length > 0 || keyed.some(({ key }) => delivered.has(key))) return
  if (uncertain) throw uncertain
  if (never) throw never
  if (open.length === 0 && keyed.length > 0) throw new PermanentDeliveryError('No address accepted the message.')
}

/** Addresses may hold secrets, and the outbox must not. */
export function digest(text: string): string {
  return sha256Base64Url(text).slice(0, 22)
}

interface End {
  readonly error: Error | null
  readonly gone: boolean
}

function endOf(result: PromiseSettledResult<SendResult | void> | undefined): End {
  if (result?.status !== 'rejected') return { error: null, gone: result?.value === 'gone' }
  return { error: result.reason instanceof Error ? result.reason : new Error(String(result.reason)), gone: false }
}

function isFinal(error: Error): boolean {
  return error instanceof PermanentDeliveryError || error instanceof UncertainDeliveryError
}

function longestWait(errors: readonly Error[]): { retryAfterMs?: number } {
  const asked = errors.flatMap((error) =>
    error instanceof RetryableDeliveryError && error.retryAfterMs !== null ? [error.retryAfterMs] : [],
  )
  return asked.length === 0 ? {} : { retryAfterMs: Math.max(...asked) }
}
