import { z } from 'zod'
import type webPushLibrary from 'web-push'
import { FocusError } from '../../common/errors.ts'
import type { Clock } from '../../common/runtime.ts'
import { shorten } from '../../common/text/shorten.ts'
import { checkedOptions } from '../../schema/option-checks.ts'
import { checkPeerUrl, errorOfAnswer, postToPeer } from './http-post.ts'
import { PermanentDeliveryError, RetryableDeliveryError } from '../transport-errors.ts'
import { type SendResult, sendToEach } from './send-to-each.ts'
import type { AddressesOf } from '../../net/addresses/address-guard.ts'
import { type DnsOptions, NameResolver } from '../../net/addresses/name-resolver.ts'
import type { UrlTrust } from '../../net/outgoing/outgoing-url.ts'
import { loadPeer } from './load-peer.ts'
import {
  canEncryptFor,
  type PushSubscription,
  type PushSubscriptionStore,
} from '../preferences/push-subscriptions-port.ts'
import { settingsOf, invalidOption, channelForms as forms, channelOptions } from './channel-options.ts'
import type { DeliveryAttempt, OutboundMessage, Transport, TransportSettings } from '../transport.ts'

/** How urgent a push message is (RFC 8030 §5.3). */
export type Urgency = 'very-low' | 'low' | 'normal' | 'high'

/** Settings of `webPush()`. */
export interface WebPushOptions extends TransportSettings {
  /** Default: `web_push`. */
  readonly name?: string
  /** The contact address for push services: a `mailto:` or https URL (RFC 8292 §2.1). */
  readonly subject: string
  /** The key pair from `npx web-push generate-vapid-keys`. */
  readonly publicKey: string
  readonly privateKey: string
  /** How long a push service keeps a message for a browser that is offline, in seconds. Default: a day. */
  readonly ttlSeconds?: number
  /** Default: `high` for critical notifications, warnings and errors, else `normal`. */
  readonly urgency?: Urgency | ((message: OutboundMessage) => Urgency)
  /**
   * Hosts of push services besides `knownPushServices`, each with its subdomains; `any` for every host. Browsers choose their push
   * service themselves, so you need this only for browsers that `knownPushServices` does not cover.
   */
  readonly services?: readonly string[] | 'any'
  /** How the host names of push services are resolved. Default: by the name servers of the system. */
  readonly dns?: DnsOptions
  /** Allows every endpoint, also in the private network; for tests. */
  readonly allowPrivateNetwork?: boolean
}

const webPushOptions = channelOptions<WebPushOptions>(
  {
    subject: forms.text,
    publicKey: forms.text,
    privateKey: forms.secretText,
    ttlSeconds: forms.seconds,
    urgency: {
      accepts: '"very-low", "low", "normal" or "high", or a function that gives one',
      schema: z.union([z.enum(['very-low', 'low', 'normal', 'high']), forms.callback.schema]),
    },
    services: { accepts: 'a list of hosts, or "any"', schema: z.union([z.literal('any'), forms.texts.schema]) },
    dns: forms.dns,
    allowPrivateNetwork: forms.yesOrNo,
  },
  ['subject', 'publicKey', 'privateKey'],
)

/** The transport that `webPush()` returns. Browsers subscribe with its public key. */
export interface WebPushTransport extends Transport<PushSubscription> {
  /** `applicationServerKey` of `pushManager.subscribe()`. */
  readonly publicKey: string
  /**
   * Checks the endpoint of a subscription before it is stored.
   *
   * @throws PermanentDeliveryError for an endpoint that must not be called
   * @throws FocusError `push_service_not_allowed` for an endpoint at an unknown push service
   */
  checkEndpoint(endpoint: string): void
}

/**
 * The push services of current browsers, each with its subdomains: Chrome, Edge on Android, Opera and Samsung (FCM), Firefox
 * (autopush), Safari (Apple) and Edge (WNS). Without this list a user could make this server call any host.
 */
export const knownPushServices: readonly string[] = [
  'fcm.googleapis.com',
  'push.services.mozilla.com',
  'push.apple.com',
  'notify.windows.com',
]

/** The capacity of an encrypted record of 4,096 bytes (RFC 8291 §4). */
const maxPayloadBytes = 3_993

/**
 * Sends notifications to browsers (Web Push: RFC 8030, VAPID: RFC 8292, encryption: RFC 8291). A newer event of a notification
 * replaces an older one that the browser has not received (`Topic`). A subscription that its push service reports as gone is
 * removed. Needs the package web-push.
 *
 * The service worker receives JSON: `{id, offset, title, message, notification_type, event, data, timestamp, count}`. If it does not
 * fit, `data` is left out, then the message is shortened.
 *
 * @throws FocusError `invalid_option`; at the start `missing_dependency`
 * @example
 * ```ts
 * webPush({ subject: 'mailto:ops@app.example', publicKey: process.env.VAPID_PUBLIC_KEY, privateKey: process.env.VAPID_PRIVATE_KEY })
 * ```
 */
export function webPush(given: WebPushOptions): WebPushTransport {
  const options = checkedOptions(given, webPushOptions, 'webPush')
  const { publicKey, privateKey, subject, ttlSeconds = 86_400 } = options
  checkKeys(options)
  const trust: UrlTrust = options.allowPrivateNetwork === true ? 'anywhere' : 'public'
  const isService = serviceCheck(options)
  const names = new NameResolver(options.dns)
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
  ): Promise<SendResult> {
    if (!library) throw new RetryableDeliveryError('The transport was not started.')
    const { host, hostname } = checkPeerUrl(endpoint, trust)
    // It may have been registered while the list was longer.
    if (!isService(hostname)) throw new PermanentDeliveryError(notAllowed(hostname), { category: 'not_allowed' })
    if (!canEncryptFor(keys)) return forget(endpoint)
    const { headers, body } = library.generateRequestDetails({ endpoint, keys: { ...keys } }, payload, {
      vapidDetails: { subject, publicKey, privateKey },
      TTL: ttlSeconds,
      urgency: urgencyOf(message),
      topic: message.id.replaceAll('-', '').slice(0, 32),
    })
    const party = message.user?.key ?? ''
    const addressesOf: AddressesOf = (name) => names.resolve(name, { party, signal })
    const answer = await postToPeer({ url: endpoint, headers, body, signal, trust, addressesOf })
    if (answer.ok) return 'arrived'
    if (answer.status === 404 || answer.status === 410) return forget(endpoint)
    throw errorOfAnswer(answer, host, clock)
  }

  /** Removes a subscription that does not exist any more; that is not a failure of the message. */
  async function forget(endpoint: string): Promise<SendResult> {
    await subscriptions?.forget(endpoint)
    return 'gone'
  }

  function checkEndpoint(endpoint: string): void {
    const { hostname } = checkPeerUrl(endpoint, trust)
    if (isService(hostname)) return
    throw new FocusError('push_service_not_allowed', `endpoint: ${notAllowed(hostname)}`, {
      hint: `The allowed push services are ${allowedServices(options).join(', ')}. An operator can add others: webPush({ services: ['push.example'] }).`,
    })
  }

  function urgencyOf(message: OutboundMessage): Urgency {
    if (typeof options.urgency === 'function') return options.urgency(message)
    const isUrgent = message.critical || message.type === 'error' || message.type === 'warning'
    return options.urgency ?? (isUrgent ? 'high' : 'normal')
  }

  return {
    concurrency: 16,
    ...settingsOf(options),
    name: options.name ?? 'web_push',
    publicKey,
    checkEndpoint,
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

/**
 * Returns the JSON of a notification, or as much of it as fits.
 *
 * @throws PermanentDeliveryError when not even the title fits
 */
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

function serviceCheck(options: WebPushOptions): (hostname: string) => boolean {
  if (options.services === 'any' || options.allowPrivateNetwork === true) return () => true
  const services = allowedServices(options)
  return (hostname) => services.some((service) => hostname === service || hostname.endsWith(`.${service}`))
}

function allowedServices({ services = [] }: WebPushOptions): string[] {
  return services === 'any' ? [] : [...knownPushServices, ...services.map((service) => service.toLowerCase())]
}

function notAllowed(hostname: string): string {
  return `${hostname} is not an allowed push service.`
}

function checkKeys({ subject, publicKey, privateKey }: WebPushOptions): void {
  const bytes = (key: string) => (/^[A-Za-z0-9_-]+$/.test(key) ? Buffer.from(key, 'base64url').length : 0)
  if (bytes(publicKey) !== 65 || bytes(privateKey) !== 32) {
    throw invalidOption(
      'web_push: publicKey and privateKey are not a pair of VAPID keys.',
      'Create a pair with `npx web-push generate-vapid-keys` and keep it.',
    )
  }
  if (!/^(?:mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/.test(subject)) {
    throw invalidOption(
      'web_push: subject: expected mailto:name@host or an https URL.',
      'Push services contact you there about problems.',
    )
  }
}
