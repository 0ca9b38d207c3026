import { setTimeout as delay } from 'node:timers/promises'
import { silentLogger } from '../common/logging/logger.ts'
import { PermanentDeliveryError, RetryableDeliveryError } from './transport-errors.ts'
import type { DeliveryAttempt, OutboundMessage, Transport, TransportHost } from './transport.ts'

/** How the peer at the other end behaves. */
export type PeerBehaviour =
  /** It takes messages. */
  | 'accepts'
  /** It is down or overloaded, and will be back. */
  | 'unavailable'
  /** It will never take this message. */
  | 'refuses'
  /** It takes the connection and never answers. */
  | 'silent'

/** What a peer may do besides; such a check is made only where `behaviours` lists it. */
export type OddPeerBehaviour =
  /** It takes the message, says so, and then hangs, breaks off or talks nonsense, as far as its protocol lets it. */
  | 'accepts_oddly'
  /** It is busy and asks to come back in centuries. */
  | 'overloaded'

/** A transport with a peer whose behaviour the suite decides. */
export interface ConformanceSubject<Address> {
  /** A new transport that leads to the peer. */
  create(): Transport<Address> | Promise<Transport<Address>>
  /** Decides how the peer behaves from now on. */
  peer(behaviour: PeerBehaviour | OddPeerBehaviour): void | Promise<void>
  /** How many messages the peer has taken so far. */
  arrived(): number | Promise<number>
  /** What `message.to` holds; needed where the transport has `addresses`. */
  readonly to?: readonly Address[]
  /** One more address, whose peer refuses every message for good while the peer of the others accepts. */
  readonly refusing?: Address
  /** One more address, whose peer is unavailable while the peer of the others accepts. */
  readonly failing?: Address
  /** What the peer can do; every `PeerBehaviour` when absent. A check is made only where its behaviour is listed. */
  readonly behaviours?: readonly (PeerBehaviour | OddPeerBehaviour)[]
}

/** One named check, for whatever runs your tests. */
export interface ConformanceCheck {
  readonly name: string
  /** Rejects with what is wrong. */
  readonly run: () => Promise<void>
}

/** An attempt that was told to stop must end within this time. */
const stopMs = 2_000

/**
 * What Focus expects of a transport, as checks that you run on yours.
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
  const can = (behaviour: PeerBehaviour) => subject.behaviours?.includes(behaviour) ?? true
  const check = (name: string, body: (bench: Bench<Address>) => Promise<void>): ConformanceCheck => ({
    name,
    run: () => withBench(subject, body),
  })
  return [
    check('has a name that routing and preferences can use', async ({ transport }) => {
      must(
        /^[a-z0-9_-]{1,64}$/.test(transport.name),
        `name: ${JSON.stringify(transport.name)} is not 1 to 64 of a-z, 0-9, _ and -`,
      )
    }),
    check('resolves when the message has arrived', async ({ deliver, arrivals }) => {
      await deliver()
      must((await arrivals()) === 1, 'deliver() resolved, and the peer has no message')
    }),
    check('leaves the message as it was', async ({ deliver }) => {
      // Frozen: a transport that changes it throws.
      await deliver(freeze(sampleMessage(subject.to ?? [])))
    }),
    check('delivers several messages at once', async ({ deliver, arrivals }) => {
      await Promise.all([1, 2, 3, 4].map((offset) => deliver({ ...sampleMessage(subject.to ?? []), offset })))
      must((await arrivals()) === 4, `4 messages were delivered, and ${await arrivals()} arrived`)
    }),
    check('carries a broadcast, or has addresses', async ({ transport, deliver, arrivals }) => {
      if (transport.addresses) return
      await deliver({ ...sampleMessage(subject.to ?? []), user: null })
      must((await arrivals()) === 1, 'the broadcast did not arrive')
    }),
    check('leaves an attempt that was stopped before it began to be tried again', async ({ deliver }) => {
      const failure = await failureOf(deliver(undefined, AbortSignal.abort(new Error('stopped before it began'))))
      must(
        !(failure instanceof PermanentDeliveryError),
        'an aborted attempt was called permanent; it must be tried again',
      )
    }),
    ...(can('unavailable')
      ? [
          check(
            'can be tried again when the peer is unavailable, and arrives then',
            async ({ behave, deliver, arrivals }) => {
              await behave('unavailable')
              const failure = await failureOf(deliver())
              must(failure !== null, 'deliver() resolved although the peer was unavailable: the message is lost')
              must(
                !(failure instanceof PermanentDeliveryError),
                'a passing failure was called permanent: the message is lost',
              )
              await behave('accepts')
              await deliver(undefined, undefined, 2)
              must((await arrivals()) >= 1, 'the second attempt did not arrive')
            },
          ),
        ]
      : []),
    ...(can('refuses')
      ? [
          check('says never when the peer refuses the message', async ({ behave, deliver }) => {
            await behave('refuses')
            const failure = await failureOf(deliver())
            must(
              failure instanceof PermanentDeliveryError,
              'a refusal must be a PermanentDeliveryError, or it is tried 20 times for nothing',
            )
          }),
        ]
      : []),
    ...(can('silent')
      ? [
          check('stops when its signal is aborted', async ({ behave, deliver }) => {
            await behave('silent')
            const abort = new AbortController()
            const attempt = failureOf(deliver(undefined, abort.signal))
            await delay(50)
            abort.abort(new Error('out of time'))
            const ended = await Promise.race([attempt.then(() => true), delay(stopMs, false, { ref: false })])
            must(ended, `deliver() went on for ${stopMs} ms after its signal was aborted: pass the signal on`)
            must((await attempt) !== null, 'deliver() resolved although the peer never answered')
          }),
        ]
      : []),
    ...oddChecks(subject, check),
    ...severalAddresses(subject, check),
    check('can be closed twice', async ({ transport }) => {
      await transport.close?.()
      await transport.close?.()
    }),
  ]
}

type Check<Address> = (name: string, body: (bench: Bench<Address>) => Promise<void>) => ConformanceCheck

function oddChecks<Address>(
  { behaviours = [] }: ConformanceSubject<Address>,
  check: Check<Address>,
): ConformanceCheck[] {
  return [
    ...(behaviours.includes('accepts_oddly')
      ? [
          check('takes the word of a peer that accepts, whatever follows it', async ({ behave, deliver, arrivals }) => {
            await behave('accepts_oddly')
            const ended = await Promise.race([deliver().then(() => true), delay(stopMs, false, { ref: false })])
            must(ended, `deliver() waits for more than ${stopMs} ms after the peer accepted`)
            must((await arrivals()) === 1, 'deliver() resolved, and the peer has no message')
          }),
        ]
      : []),
    ...(behaviours.includes('overloaded')
      ? [
          check('makes nobody wait for centuries', async ({ behave, deliver, transport }) => {
            await behave('overloaded')
            const failure = await failureOf(deliver())
            must(
              failure !== null && !(failure instanceof PermanentDeliveryError),
              'a peer that is busy will be back: the message must be tried again',
            )
            if (!(failure instanceof RetryableDeliveryError)) return
            must((failure.retryAfterMs ?? 0) <= 86_400_000, 'retryAfterMs: a day is the longest wait')
            must(
              !(failure.pause && transport.addresses),
              'the address of one user pauses the transport for all: leave `pause` to a peer that you chose',
            )
          }),
        ]
      : []),
  ]
}

/** The addresses are read when a check runs: the peer may not be there before. */
function severalAddresses<Address>(subject: ConformanceSubject<Address>, check: Check<Address>): ConformanceCheck[] {
  const count = () => subject.to?.length ?? 0
  const messageTo = (address: Address | undefined) =>
    sampleMessage([...(subject.to ?? []), ...(address === undefined ? [] : [address])])
  return [
    ...('refusing' in subject
      ? [
          check('has delivered when one of several addresses refuses', async ({ deliver, arrivals }) => {
            await deliver(messageTo(subject.refusing))
            must((await arrivals()) === count(), 'the addresses that accept have not got the message')
          }),
        ]
      : []),
    ...('failing' in subject
      ? [
          check('sends no second copy to an address that has it', async ({ deliver, arrivals }) => {
            const failure = await failureOf(deliver(messageTo(subject.failing)))
            must(failure instanceof RetryableDeliveryError, 'the address that is unavailable is not tried again')
            const delivered = failure instanceof RetryableDeliveryError ? failure.delivered : []
            must(delivered.length === count(), '`delivered` does not name the addresses that have the message')
            await failureOf(deliver(messageTo(subject.failing), undefined, 2, delivered))
            must((await arrivals()) === count(), 'an address got the message twice: leave those in `delivered` out')
          }),
        ]
      : []),
  ]
}

interface Bench<Address> {
  readonly transport: Transport<Address>
  readonly behave: (behaviour: PeerBehaviour | OddPeerBehaviour) => Promise<void>
  readonly deliver: (
    message?: OutboundMessage<Address>,
    signal?: AbortSignal,
    attempt?: number,
    delivered?: readonly string[],
  ) => Promise<void>
  /** Messages that arrived since this check began. */
  readonly arrivals: () => Promise<number>
}

async function withBench<Address>(
  subject: ConformanceSubject<Address>,
  body: (bench: Bench<Address>) => Promise<void>,
): Promise<void> {
  const transport = await subject.create()
  const behave = async (behaviour: PeerBehaviour | OddPeerBehaviour) => subject.peer(behaviour)
  await transport.start?.(conformanceHost)
  await behave('accepts')
  const before = await subject.arrived()
  try {
    await body({
      transport,
      behave,
      arrivals: async () => (await subject.arrived()) - before,
      deliver(
        message = sampleMessage(subject.to ?? []),
        signal = new AbortController().signal,
        attempt = 1,
        delivered = [],
      ) {
        const delivery: DeliveryAttempt = {
          signal,
          attempt,
          idempotencyKey: `${message.id}:${message.offset}`,
          delivered: new Set(delivered),
        }
        // Not awaited: what is thrown at once, instead of rejected, is a fault of its own.
        return transport.deliver(message, delivery)
      },
    })
  } finally {
    await behave('accepts')
    await transport.close?.()
  }
}

function sampleMessage<Address>(to: readonly Address[]): OutboundMessage<Address> {
  return {
    id: '0198c0de-0000-7000-8000-000000000001',
    offset: 1,
    epoch: 'conformance',
    user: { key: '1', id: 1, email: 'user@example.com', emailVerified: true, fullName: 'Zoë', locale: 'en' },
    to,
    type: 'info',
    title: 'Título ✓',
    message: 'Ligne une\nline <two> & "three"',
    event: 'conformance',
    data: { nested: { list: [1, 2, 3] } },
    timestamp: Date.now(),
    count: 1,
    groupKey: null,
    critical: false,
  }
}

/** Lends a transport nothing but time. */
const conformanceHost: TransportHost = {
  logger: silentLogger,
  clock: Date.now,
  locale: 'en',
  pushSubscriptions: {
    put: async () => undefined,
    remove: async () => false,
    list: async () => [],
    forget: async () => undefined,
  },
  unsubscribeUrl: () => null,
}

async function failureOf(attempt: Promise<void>): Promise<unknown> {
  try {
    await attempt
    return null
  } catch (error) {
    return error
  }
}

function must(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(`Transport conformance: ${otherwise}.`)
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) freeze(part)
  return Object.freeze(value)
}
