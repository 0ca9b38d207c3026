import {
  type OutboundUser,
  PermanentDeliveryError,
  RetryableDeliveryError,
  type Transport,
} from '@focus-api/core/transports'

export interface SmsOptions {
  readonly gatewayUrl: string
  readonly numbersOf: (user: OutboundUser) => Promise<string[]>
}

/** Sends notifications as text messages. */
export function sms({ gatewayUrl, numbersOf }: SmsOptions): Transport<string> {
  return {
    name: 'sms',
    // Without `addresses` the transport has one peer for all notifications, and broadcasts go to it too.
    addresses: numbersOf,
    async deliver({ to, title, message }, { signal, idempotencyKey }) {
      const response = await fetch(gatewayUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
        body: JSON.stringify({ to, text: message || title }),
        signal,
      })
      await response.body?.cancel()
      if (response.ok) return
      if (response.status === 400) throw new PermanentDeliveryError('The gateway refused the number.')
      throw new RetryableDeliveryError(`The gateway answered ${response.status}.`, { retryAfterMs: 30_000 })
    },
  }
}
