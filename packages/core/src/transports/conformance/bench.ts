import { setTimeout as delay } from 'node:timers/promises'
import { silentLogger } from '../../common/logging/logger.ts'
import type { DeliveryAttempt, OutboundMessage, Transport, TransportHost } from '../transport.ts'
import type { ConformanceCheck, ConformanceSubject, OddPeerBehaviour, PeerBehaviour } from './subject.ts'

/** The transport under test and its peer, during one check. */
export interface Bench<Address> {
  readonly transport: Transport<Address>
  readonly behave: (behaviour: PeerBehaviour | OddPeerBehaviour) => Promise<void>
  readonly deliver: (
    message?: OutboundMessage<Address>,
    attempt?: { readonly signal?: AbortSignal; readonly number?: number; readonly delivered?: readonly string[] },
  ) => Promise<void>
  /** Returns how many messages arrived since the check started. */
  readonly arrivals: () => Promise<number>
}

/** Makes a check of a name and its body. */
export type MakeCheck<Address> = (name: string, body: (bench: Bench<Address>) => Promise<void>) => ConformanceCheck

/** Returns a function that makes checks, each with a new transport and a peer that accepts. */
export function checksOf<Address>(subject: ConformanceSubject<Address>): MakeCheck<Address> {
  return (name, body) => ({ name, run: () => withBench(subject, body) })
}

async function withBench<Address>(
  subject: ConformanceSubject<Address>,
  body: (bench: Bench<Address>) => Promise<void>,
): Promise<void> {
  const transport = await subject.create()
  const behave = async (behaviour: PeerBehaviour | OddPeerBehaviour) => subject.peer(behaviour)
  await transport.start?.(host)
  await behave('accepts')
  const before = await subject.arrived()
  try {
    await body({
      transport,
      behave,
      arrivals: async () => (await subject.arrived()) - before,
      deliver(message = sampleMessage(subject.to), { signal, number = 1, delivered = [] } = {}) {
        const attempt: DeliveryAttempt = {
          signal: signal ?? new AbortController().signal,
          attempt: number,
          idempotencyKey: `${message.id}:${message.offset}`,
          delivered: new Set(delivered),
        }
        // Not awaited here, so that a transport that throws synchronously fails the check.
        return transport.deliver(message, attempt)
      },
    })
  } finally {
    await behave('accepts')
    await transport.close?.()
  }
}

export function sampleMessage<Address>(to: readonly Address[] = []): OutboundMessage<Address> {
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

const host: TransportHost = {
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

/** Resolves with the error of an attempt; null when the attempt succeeded. */
export async function errorOf(attempt: Promise<void>): Promise<unknown> {
  try {
    await attempt
    return null
  } catch (error) {
    return error
  }
}

/** Resolves with true when an attempt ends within `ms` milliseconds, with an error or not. */
export function endsWithin(ms: number, attempt: Promise<unknown>): Promise<boolean> {
  const ended = attempt.then(
    () => true,
    () => true,
  )
  return Promise.race([ended, delay(ms, false, { ref: false })])
}

/** @throws Error with the fault when the condition does not hold */
export function must(condition: boolean, fault: string): void {
  if (!condition) throw new Error(`Transport conformance: ${fault}.`)
}
