import { RetryableDeliveryError } from '../transport-errors.ts'
import { errorOf, type MakeCheck, must, sampleMessage } from './bench.ts'
import type { ConformanceCheck, ConformanceSubject } from './subject.ts'

/**
 * Returns the checks of a user with several addresses, of which one fails. The addresses are read when a check runs, because the
 * peer may start after the checks are made.
 */
export function addressChecks<Address>(
  subject: ConformanceSubject<Address>,
  check: MakeCheck<Address>,
): ConformanceCheck[] {
  const count = () => subject.to?.length ?? 0
  const messageTo = (extra: Address | undefined) =>
    sampleMessage([...(subject.to ?? []), ...(extra === undefined ? [] : [extra])])
  const refusing = check('delivers although one of several addresses refuses', async ({ deliver, arrivals }) => {
    await deliver(messageTo(subject.refusing))
    must((await arrivals()) === count(), 'the addresses that accept did not get the message')
  })
  const failing = check('sends no second copy to an address that has the message', async ({ deliver, arrivals }) => {
    const error = await errorOf(deliver(messageTo(subject.failing)))
    must(error instanceof RetryableDeliveryError, 'the unavailable address is not tried again')
    const delivered = error instanceof RetryableDeliveryError ? error.delivered : []
    must(delivered.length === count(), '`delivered` does not name the addresses that have the message')
    await errorOf(deliver(messageTo(subject.failing), { number: 2, delivered }))
    must((await arrivals()) === count(), 'an address got the message twice; leave out the addresses in `delivered`')
  })
  return [...('refusing' in subject ? [refusing] : []), ...('failing' in subject ? [failing] : [])]
}
