import { setTimeout as delay } from 'node:timers/promises'
import { PermanentDeliveryError, RetryableDeliveryError } from '../transport-errors.ts'
import { endsWithin, errorOf, type MakeCheck, must } from './bench.ts'
import type { ConformanceCheck, ConformanceSubject } from './subject.ts'

/** An aborted attempt must end within this time. */
const stopMs = 2_000

/** Returns the checks of a peer that fails, for the behaviours that it supports. */
export function failureChecks<Address>(
  { behaviours }: ConformanceSubject<Address>,
  check: MakeCheck<Address>,
): ConformanceCheck[] {
  const checks = {
    unavailable: [recovers(check)],
    refuses: [isRefused(check)],
    silent: [stops(check)],
    accepts_oddly: [believesTheAnswer(check)],
    overloaded: [waitsForTheBusy(check)],
  }
  const supported = new Set(behaviours ?? ['unavailable', 'refuses', 'silent'])
  return Object.entries(checks).flatMap(([behaviour, list]) => (supported.has(behaviour as never) ? list : []))
}

function recovers<Address>(check: MakeCheck<Address>): ConformanceCheck {
  return check('can retry after the peer was unavailable', async ({ behave, deliver, arrivals }) => {
    await behave('unavailable')
    const error = await errorOf(deliver())
    must(error !== null, 'deliver() resolved although the peer was unavailable, so the message is lost')
    must(
      !(error instanceof PermanentDeliveryError),
      'a temporary failure was a PermanentDeliveryError, so the message is lost',
    )
    await behave('accepts')
    await deliver(undefined, { number: 2 })
    must((await arrivals()) >= 1, 'the second attempt did not arrive')
  })
}

function isRefused<Address>(check: MakeCheck<Address>): ConformanceCheck {
  return check('reports a refused message as permanent', async ({ behave, deliver }) => {
    await behave('refuses')
    const error = await errorOf(deliver())
    must(
      error instanceof PermanentDeliveryError,
      'a refusal must be a PermanentDeliveryError; otherwise it is tried 20 times in vain',
    )
  })
}

function stops<Address>(check: MakeCheck<Address>): ConformanceCheck {
  return check('stops when its signal aborts', async ({ behave, deliver }) => {
    await behave('silent')
    const abort = new AbortController()
    const attempt = errorOf(deliver(undefined, { signal: abort.signal }))
    await delay(50)
    abort.abort(new Error('out of time'))
    must(
      await endsWithin(stopMs, attempt),
      `deliver() continued for ${stopMs} ms after its signal aborted; pass the signal on`,
    )
    must((await attempt) !== null, 'deliver() resolved although the peer never answered')
  })
}

function believesTheAnswer<Address>(check: MakeCheck<Address>): ConformanceCheck {
  return check('accepts the answer of the peer, whatever follows it', async ({ behave, deliver, arrivals }) => {
    await behave('accepts_oddly')
    const attempt = deliver()
    must(await endsWithin(stopMs, attempt), `deliver() waited for more than ${stopMs} ms after the peer accepted`)
    await attempt
    const count = await arrivals()
    must(count === 1, `deliver() resolved, but ${count} messages arrived instead of 1`)
  })
}

function waitsForTheBusy<Address>(check: MakeCheck<Address>): ConformanceCheck {
  return check('tries again later when the peer is overloaded', async ({ behave, deliver, transport }) => {
    await behave('overloaded')
    const error = await errorOf(deliver())
    must(
      error !== null && !(error instanceof PermanentDeliveryError),
      'a busy peer comes back, so the message must be tried again',
    )
    must(
      !(error instanceof RetryableDeliveryError && error.pause && transport.addresses),
      'the address of one user pauses the transport for all users; use `pause` only for a peer that you chose',
    )
  })
}
