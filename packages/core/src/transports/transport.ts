import type { JsonObject } from '../common/json.ts'
import type { Logger } from '../common/logging/logger.ts'
import type { Clock } from '../common/runtime.ts'
import type { UserId, UserKey } from '../common/user-id.ts'
import type { PushSubscriptionStore } from './preferences/push-subscriptions-port.ts'

/** The user of a message. */
export interface OutboundUser {
  readonly key: UserKey
  readonly id: UserId
  /** Null when the user directory does not know the address or the user. */
  readonly email: string | null
  readonly emailVerified: boolean
  readonly fullName: string | null
  /** BCP 47 tag; null when unknown. */
  readonly locale: string | null
}

/** A user as the user directory knows them. */
export interface DeliveryRecipient {
  readonly user: OutboundUser
  /** Whether the user may be reached at their own addresses: they exist and are not disabled. */
  readonly reachable: boolean
}

/** One committed notification on its way to one transport. */
export interface OutboundMessage<Address = unknown> {
  /** The UUIDv7 of the notification. */
  readonly id: string
  /** The position of this event in the stream. A merged notification has several events. */
  readonly offset: number
  readonly epoch: string
  /** Null for a broadcast. */
  readonly user: OutboundUser | null
  /** The result of the transport's `addresses`; empty for a transport without it. */
  readonly to: readonly Address[]
  readonly type: string
  readonly title: string
  readonly message: string
  /** The topic; null for none. */
  readonly event: string | null
  readonly data: JsonObject
  /** Milliseconds since 1970. */
  readonly timestamp: number
  /** The number of notifications that were merged into this one. */
  readonly count: number
  readonly groupKey: string | null
  readonly critical: boolean
}

/** One attempt to deliver a message. */
export interface DeliveryAttempt {
  /** Aborts at the time-out of the attempt and at the shutdown of the server. */
  readonly signal: AbortSignal
  /** The number of the attempt; 1 for the first. */
  readonly attempt: number
  /** `id:offset`, the same at every attempt. A message is delivered at least once; the peer must ignore a key that it knows. */
  readonly idempotencyKey: string
  /** The keys of `RetryableDeliveryError.delivered` of earlier attempts. */
  readonly delivered: ReadonlySet<string>
  /** The keys of `RetryableDeliveryError.refused` of earlier attempts. */
  readonly refused?: ReadonlySet<string>
  /**
   * Replaces the time-out of the attempt by `ms` milliseconds from now, and extends its lease. Use it for a peer that has the whole
   * message and may answer late. At most a quarter of an hour counts.
   */
  readonly prolong?: (ms: number) => void
}

/** A maximum number of attempts in a time. */
export interface Rate {
  readonly count: number
  readonly perMs: number
}

/** The wait between attempts: a random part of `baseMs * 2^(attempt - 1)`, at most `maxDelayMs` (full jitter). */
export interface RetryPolicy {
  /** Default: 1,000. */
  readonly baseMs: number
  /** Default: 3,600,000 (an hour). */
  readonly maxDelayMs: number
  /** The delivery is dead after this many attempts. Default: 20. */
  readonly maxAttempts: number
}

/** How Focus uses a transport. */
export interface TransportSettings {
  /** The number of attempts at the same time on one node. Default: 8. */
  readonly concurrency?: number
  /** The maximum rate of attempts on one node. Default: unlimited. */
  readonly rate?: Rate
  /** The time-out of one attempt, in milliseconds. Default: 15,000. */
  readonly timeoutMs?: number
  /** Whether the messages of a user arrive in order: each waits until the one before is delivered or dead. Default: false. */
  readonly ordered?: boolean
  readonly retry?: Partial<RetryPolicy>
}

/**
 * A way to deliver notifications besides the inbox and connections. Only `name` and `deliver` are required. Pass a transport to
 * `createFocus({ transports: [sms] })`, and check it with `transportConformance` from `@focus-api/core/testing`.
 *
 * @example
 * ```ts
 * import { PermanentDeliveryError, RetryableDeliveryError, type Transport } from '@focus-api/core/transports'
 *
 * const sms: Transport<string> = {
 *   name: 'sms',
 *   addresses: (user) => phoneNumbers.of(user.id),
 *   async deliver(message, { signal, idempotencyKey }) {
 *     const response = await fetch('https://sms.example/send', {
 *       method: 'POST',
 *       headers: { 'idempotency-key': idempotencyKey },
 *       body: JSON.stringify({ to: message.to, text: message.message }),
 *       signal,
 *     })
 *     if (response.status === 400) throw new PermanentDeliveryError('The number was refused.')
 *     if (!response.ok) throw new RetryableDeliveryError(`The gateway answered ${response.status}.`)
 *   },
 * }
 * ```
 */
export interface Transport<Address = unknown> extends TransportSettings {
  /** The name in routing, preferences and the outbox: 1 to 64 of `a-z`, `0-9`, `_`, `-`. */
  readonly name: string
  /** A text that changes with the peer. When it changes, a transport that its peer switched off is switched on again. */
  readonly fingerprint?: string
  /**
   * Returns the addresses of a user; a user without one is skipped. A transport with this function gets no broadcasts. A transport
   * without it has one peer for all notifications.
   */
  addresses?(user: OutboundUser): readonly Address[] | Promise<readonly Address[]>
  /**
   * Delivers a message. Resolves when the peer has accepted it.
   *
   * @throws PermanentDeliveryError when the peer will never accept it
   * @throws RetryableDeliveryError when a later attempt may succeed; any other error counts as this one
   * @throws UncertainDeliveryError when the peer may have accepted it and does not detect copies
   */
  deliver(message: OutboundMessage<Address>, attempt: DeliveryAttempt): Promise<void>
  /** Called once before the first message. A rejection stops the start of Focus. */
  start?(host: TransportHost): void | Promise<void>
  /** Called once after the last message. */
  close?(): void | Promise<void>
}

/** The services of Focus that a transport can use. */
export interface TransportHost {
  readonly logger: Logger
  readonly clock: Clock
  readonly locale: 'fr' | 'en'
  readonly pushSubscriptions: PushSubscriptionStore
  /**
   * Returns a URL that switches the topic of a message off for its user at this transport, without a sign-in. Null for a broadcast, for
   * a critical message, and without a public URL.
   */
  unsubscribeUrl(message: OutboundMessage, transport: string): string | null
}
