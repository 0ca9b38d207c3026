import type { JsonObject } from '../common/json.ts'
import type { Logger } from '../common/logging/logger.ts'
import type { Clock } from '../common/runtime.ts'
import type { UserId, UserKey } from '../common/user-id.ts'
import type { PushSubscriptionStore } from './preferences/push-subscriptions-port.ts'

/** The person a message is for. */
export interface OutboundUser {
  readonly key: UserKey
  readonly id: UserId
  /** Null where the user directory has none, or does not know the person. */
  readonly email: string | null
  readonly emailVerified: boolean
  readonly fullName: string | null
  /** BCP 47 tag; null where unknown. */
  readonly locale: string | null
}

/** What the user directory says of a recipient. */
export interface DeliveryRecipient {
  readonly user: OutboundUser
  /** Whether they may be reached at addresses of their own: they exist, and are not disabled. */
  readonly reachable: boolean
}

/** One committed notification on its way to one transport. */
export interface OutboundMessage<Address = unknown> {
  /** UUIDv7; the same for every event of one notification. */
  readonly id: string
  readonly offset: number
  readonly epoch: string
  /** Null for a broadcast. */
  readonly user: OutboundUser | null
  /** What the transport's `addresses` returned; empty for a transport without it. */
  readonly to: readonly Address[]
  readonly type: string
  readonly title: string
  readonly message: string
  /** The topic; null where it has none. */
  readonly event: string | null
  readonly data: JsonObject
  /** Milliseconds since 1970. */
  readonly timestamp: number
  /** How many notifications were merged into this one. */
  readonly count: number
  readonly groupKey: string | null
  readonly critical: boolean
}

/** One attempt at delivering a message. */
export interface DeliveryAttempt {
  /** Aborts when the time of the attempt is over, or the server shuts down. */
  readonly signal: AbortSignal
  /** 1 for the first. */
  readonly attempt: number
  /** `id:offset`: the same at every attempt. Deliveries happen at least once; whoever receives this key again ignores it. */
  readonly idempotencyKey: string
  /** What earlier attempts named in `RetryableDeliveryError.delivered`. */
  readonly delivered: ReadonlySet<string>
  /** What earlier attempts named in `RetryableDeliveryError.refused`. */
  readonly refused?: ReadonlySet<string>
  /**
   * Gives the attempt `ms` milliseconds from now, whatever its time-out was, and holds the delivery for as long: for a peer that
   * has the message and may take its time to answer. At most a quarter of an hour counts.
   */
  readonly prolong?: (ms: number) => void
}

/** How often something may happen. */
export interface Rate {
  readonly count: number
  readonly perMs: number
}

/** Between attempts: a random part of `baseMs * 2^(attempt - 1)`, which grows up to `maxDelayMs` (full jitter). */
export interface RetryPolicy {
  /** 1,000. */
  readonly baseMs: number
  /** 3,600,000: an hour. */
  readonly maxDelayMs: number
  /** After this many the delivery is dead; 20. */
  readonly maxAttempts: number
}

/** How Focus drives a transport. */
export interface TransportSettings {
  /** Attempts at once on one node; 8. */
  readonly concurrency?: number
  /** At most so many attempts on one node; unlimited when absent. */
  readonly rate?: Rate
  /** How long one attempt may take, in milliseconds; 15,000. */
  readonly timeoutMs?: number
  /** Whether one person's messages arrive in their order: a later one waits until an earlier one has arrived or is dead. */
  readonly ordered?: boolean
  readonly retry?: Partial<RetryPolicy>
}

/**
 * Carries notifications somewhere else. Everything but `name` and `deliver` is optional. Import it from
 * `@focus-api/core/transports`, and pass what you made to `createFocus({ transports: [sms] })`.
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
  /** 1 to 64 of `a-z`, `0-9`, `_`, `-`: the name in routing, preferences and the outbox. */
  readonly name: string
  /** A text that changes when the transport points elsewhere; one that a peer switched off is tried again then. */
  readonly fingerprint?: string
  /**
   * Where a person is reached. A transport with it carries no broadcasts, and skips people without an address; one without
   * it has one address for everything.
   */
  addresses?(user: OutboundUser): readonly Address[] | Promise<readonly Address[]>
  /**
   * Resolves when the message has arrived.
   *
   * @throws PermanentDeliveryError when it never will
   * @throws RetryableDeliveryError when it may later; any other error counts as one
   */
  deliver(message: OutboundMessage<Address>, attempt: DeliveryAttempt): Promise<void>
  /** Called once before the first message. */
  start?(host: TransportHost): void | Promise<void>
  /** Called once after the last. */
  close?(): void | Promise<void>
}

/** What Focus lends a transport. */
export interface TransportHost {
  readonly logger: Logger
  readonly clock: Clock
  readonly locale: 'fr' | 'en'
  readonly pushSubscriptions: PushSubscriptionStore
  /**
   * An address that switches the message's topic off for its person at this transport, without a sign-in. Null for a
   * broadcast, a critical message, and while Focus does not know its public URL.
   */
  unsubscribeUrl(message: OutboundMessage, transport: string): string | null
}
