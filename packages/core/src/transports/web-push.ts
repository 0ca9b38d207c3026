import type webPushLibrary from 'web-push'
import type { Clock } from '../runtime.ts'
import { failureOf } from './answer.ts'
import { PermanentDeliveryError, RetryableDeliveryError } from './errors.ts'
import { sendToEach } from './fan-out.ts'
import { checkUrl, post, type UrlTrust } from './net/post.ts'
import { loadPeer } from './peers.ts'
import type { PushSubscription, PushSubscriptionStore } from './push-subscriptions.ts'
import { driveSettings, invalid } from './settings.ts'
import type { DeliveryAttempt, OutboundMessage, Transport, TransportSettings } from './transport.ts'

export type Urgency = 'very-low' | 'low' | 'normal' | 'high'

export interface WebPushOptions extends TransportSettings {
  /** `web_push` when absent. */
  readonly name?: string
  /** How a push service reaches you: `mailto:` or an https address (RFC 8292 §2.1). */
  readonly subject: string
  /** The key pair of `npx web-push generate-vapid-keys`. */
  readonly publicKey: string
  readonly privateKey: string
  /** How long a push service keeps a message for a browser that is away; a day when absent. */
  readonly ttlSeconds?: number
  /** `high` for critical ones, warnings and errors, else `normal`, when absent. */
  readonly urgency?: Urgency | ((message: OutboundMessage) => Urgency)
  /** Lets endpoints lead into the private network; for tests. */
  readonly allowPrivateNetwork?: boolean
}

/** `webPush()` with what browsers subscribe with. */
export interface WebPushTransport extends Transport<PushSubscription> {
  /** `applicationServerKey` of `pushManager.subscribe()`. */
  readonly publicKey: string
  /** @throws PermanentDeliveryError for an endpoint that may not be called */
  checkEndpoint(endpoint: string): void
}

/** An encrypted record of 4,096 bytes holds no more (RFC 8291 §4). */
const maxPayloadBytes = 3_993

/**
 * Wakes browsers (Web Push: RFC 8030, VAPID 8292, encryption 8291). A newer event of a notification takes the place of an older one
 * that a browser has not seen (`Topic`), and a subscription that its push service calls gone is forgotten. Needs the package
 * web-push.
 *
 * The service worker gets JSON: `{id, offset, title, message, notification_type, event, data, timestamp, count}`; `data` is left out
 * and the message shortened where it would not fit.
 *
 * @throws FocusError `invalid_option`; at the start `missing_dependency`
 * @example
 * ```ts
 * webPush({ subject: 'mailto:ops@app.example', publicKey: process.env.VAPID_PUBLIC_KEY, privateKey: process.env.VAPID_PRIVATE_KEY })
 * ```
 */
export function webPush(options: WebPushOptions): WebPushTransport {
  const { publicKey, privateKey, subject, ttlSeconds = 86_400 } = options
  checkKeys(options)
  const trust: UrlTrust = options.allowPrivateNetwork === true ? 'anywhere' : 'public'
  let library: typeof webPushLibrary | undefined
  let subscriptions: PushSubscriptionStore | undefined
  let clock: Clock = Date.now

  async function deliver(message: OutboundMessage<PushSubscription>, attempt: DeliveryAttempt): Promise<void> {
    const payload = payloadOf(message)
    await sendToEach(
      message.to,
      (subscription) => subscription.endpoint,
      attempt,
      (subscription) => push(subscription, payload, message, attempt.signal),
    )
  }

  async function push(
    { endpoint, keys }: PushSubscription,
    payload: string,
    message: OutboundMessage,
    signal: AbortSignal,
  ): Promise<void> {
    if (!library) throw new RetryableDeliveryError('The transport was not started.')
    const { headers, body } = library.generateRequestDetails({ endpoint, keys: { ...keys } }, payload, {
      vapidDetails: { subject, publicKey, privateKey },
      TTL: ttlSeconds,
      urgency: urgencyOf(message),
      topic: message.id.replaceAll('-', '').slice(0, 32),
    })
    const answer = await post({ url: endpoint, headers, body, signal, trust })
    if (answer.status >= 200 && answer.status < 300) return
    // Not an error of the message: the browser left, and the delivery to it is settled.
    if (answer.status === 404 || answer.status === 410) return subscriptions?.forget(endpoint)
    throw failureOf(answer, { peer: new URL(endpoint).host, personal: true }, clock)
  }

  function urgencyOf(message: OutboundMessage): Urgency {
    if (typeof options.urgency === 'function') return options.urgency(message)
    const pressing = message.critical || message.type === 'error' || message.type === 'warning'
    return options.urgency ?? (pressing ? 'high' : 'normal')
  }

  return {
    ...driveSettings(options, { concurrency: 16 }),
    name: options.name ?? 'web_push',
    publicKey,
    checkEndpoint: (endpoint) => void checkUrl(endpoint, trust),
    addresses: async (user) => (await subscriptions?.list(user.key, clock())) ?? [],
    async start(host) {
      subscriptions = host.pushSubscriptions
      clock = host.clock
      const module = await loadPeer('web-push', 'web_push', () => import('web-push'))
      library = module.default
    },
    deliver,
  }
}

/** As much of a notification as fits. @throws PermanentDeliveryError when not even its title does */
export function payloadOf(message: OutboundMessage): string {
  const whole = {
    id: message.id,
    offset: message.offset,
    title: message.title,
    message: message.message,
    notification_type: message.type,
    event: message.event,
    data: message.data,
    timestamp: new Date(message.timestamp).toISOString(),
    count: message.count,
  }
  const { data: _, ...bare } = whole
  const candidates = [whole, bare, { ...bare, message: shorten(message.message, 200) }]
  const fitting = candidates
    .map((candidate) => JSON.stringify(candidate))
    .find((json) => Buffer.byteLength(json) <= maxPayloadBytes)
  if (fitting !== undefined) return fitting
  throw new PermanentDeliveryError(`The title does not fit into a push message of ${maxPayloadBytes} bytes.`)
}

function shorten(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1).toWellFormed()}…`
}

function checkKeys({ subject, publicKey, privateKey, ttlSeconds = 0 }: WebPushOptions): void {
  const bytes = (key: string) => (/^[A-Za-z0-9_-]+$/.test(key) ? Buffer.from(key, 'base64url').length : 0)
  if (bytes(publicKey) !== 65 || bytes(privateKey) !== 32) {
    throw invalid(
      'web_push: the VAPID keys have another form.',
      'Make a pair with `npx web-push generate-vapid-keys` and keep it.',
    )
  }
  if (!/^(?:mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/.test(subject)) {
    throw invalid(
      'web_push: subject: expected mailto:name@host or an https address.',
      'Push services write there when something is wrong.',
    )
  }
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 0)
    throw invalid('web_push: ttlSeconds: expected a whole number of 0 or more.')
}
