import { PermanentDeliveryError } from '../transport-errors.ts'
import { addressChecks } from './address-checks.ts'
import { checksOf, errorOf, type MakeCheck, must, sampleMessage } from './bench.ts'
import { failureChecks } from './failure-checks.ts'
import type { ConformanceCheck, ConformanceSubject } from './subject.ts'

/**
 * Returns the requirements for a transport as checks, to run on yours.
 *
 * @example
 * ```ts
 * import { transportConformance } from '@focus-api/core/testing'
 * import { test } from 'node:test'
 *
 * for (const { name, run } of transportConformance({ create: () => sms({ url }), peer, arrived, to: ['+33123456789'] })) {
 *   test(name, run)
 * }
 * ```
 */
export function transportConformance<Address>(subject: ConformanceSubject<Address>): ConformanceCheck[] {
  const check = checksOf(subject)
  return [
    ...deliveryChecks(subject, check),
    ...failureChecks(subject, check),
    ...addressChecks(subject, check),
    check('can be closed twice', async ({ transport }) => {
      await transport.close?.()
      await transport.close?.()
    }),
  ]
}

/** `subject.to` is read when a check runs, because the peer may start after the checks are made. */
function deliveryChecks<Address>(subject: ConformanceSubject<Address>, check: MakeCheck<Address>): ConformanceCheck[] {
  return [
    check('has a valid name', async ({ transport: { name } }) => {
      must(/^[a-z0-9_-]{1,64}$/.test(name), `name: ${JSON.stringify(name)} is not 1 to 64 of a-z, 0-9, _ and -`)
    }),
    check('resolves when the message has arrived', async ({ deliver, arrivals }) => {
      await deliver()
      const count = await arrivals()
      must(count === 1, `deliver() resolved, but ${count} messages arrived instead of 1`)
    }),
    check('does not change the message', async ({ deliver }) => {
      // A transport that changes a frozen message throws.
      await deliver(freeze(sampleMessage(subject.to)))
    }),
    check('delivers several messages at the same time', async ({ deliver, arrivals }) => {
      await Promise.all([1, 2, 3, 4].map((offset) => deliver({ ...sampleMessage(subject.to), offset })))
      must((await arrivals()) === 4, `4 messages were delivered, but ${await arrivals()} arrived`)
    }),
    check('delivers a broadcast, unless it has addresses', async ({ transport, deliver, arrivals }) => {
      if (transport.addresses) return
      await deliver({ ...sampleMessage(subject.to), user: null })
      must((await arrivals()) === 1, 'the broadcast did not arrive')
    }),
    check('can retry an attempt that was aborted before it started', async ({ deliver }) => {
      const signal = AbortSignal.abort(new Error('aborted before it started'))
      const error = await errorOf(deliver(undefined, { signal }))
      must(!(error instanceof PermanentDeliveryError), 'an aborted attempt was a PermanentDeliveryError')
    }),
  ]
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) freeze(part)
  return Object.freeze(value)
}
