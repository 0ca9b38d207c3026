import { expect, test } from 'vitest'
import { RetryableDeliveryError } from './transport-errors.ts'

test.each([
  [30_000, 30_000],
  [1e13, 86_400_000],
  [-1, 0],
  [undefined, null],
])('S40 V5: a peer that asks for %s ms makes a delivery wait for %s ms', (retryAfterMs, expected) => {
  const error = new RetryableDeliveryError('busy', retryAfterMs === undefined ? {} : { retryAfterMs })
  expect(error.retryAfterMs).toBe(expected)
})
