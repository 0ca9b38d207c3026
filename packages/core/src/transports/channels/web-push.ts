import { z } from 'zod'
import type webPushLibrary from 'web-push'
import { FocusError } from '../../common/errors.ts'
import type { Clock } from '../../common/runtime.ts'
import { shorten } from '../../common/text/shorten.ts'
import { checkedOptions } from '../../schema/option-checks.ts'
import { checkPeerUrl, errorOfAnswer, postToPeer } from './http-post.ts'
import { PermanentDeliveryError, RetryableDeliveryError } from '../transport-errors.ts'
import { type SendResult, sendToEach } from './send-to-each.ts'
import type { AddressesOf } from '../../net/address-guard.ts'
import { type DnsOptions, NameResolver } from '../../net/name-resolver.ts'
import type { UrlTrust } from '../../net/outgoing-url.ts'
import { loadPeer } from './load-peer.ts'
import {
  canEncryptFor,
  type PushSubscription,
  type PushSubscriptionStore,
} from '../preferences/push-subscriptions-port.ts'
import { settingsOf, invalidOption, channelForms as forms, channelOptions } from './channel-options.ts'
import type { DeliveryAttempt, OutboundMessage, Transport, TransportSettings } from '../transport.ts'

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
  /**
   * Hosts of push services beside the known ones (`knownPushServices`), each with everything below it; `any` for every host.
   * Browsers choose their own, so others are needed for browsers of your own only.
   */
  readonly services?: readonly string[] | 'any'
  /** How the names of push services are resolved; by the name servers of the system when absent. */
  readonly dns?: DnsOptions
  /** Lets endpoints lead into the private network, whatever the service; for tests. */
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

/** `webPush()` with what browsers subscribe with. */
export interface WebPushTransport extends Transport<PushSubscription> {
  /** `applicationServerKey` of `pushManager.subscribe()`. */
  readonly publicKey: string
  /**
   * @throws PermanentDeliveryError for an endpoint that may not be called
   * @throws FocusError `push_service_not_allowed` for one at an unknown push service
   */
  checkEndpoint(endpoint: string): void
}

/**
 * The push services of today's browsers, each with everything below it: Chrome, Edge on Android, Opera and Samsung (FCM),
 * Firefox (autopush), Safari (Apple) and Edge (WNS). A user who could name any host could make this server call it.
 */
export const knownPushServices: readonly string[] = [
  'fcm.googleapis.com',
  'push.services.mozilla.com',
  'push.apple.com',
  'notify.windows.com',
]

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
    // Registered before this was checked, or while the list was longer.
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

  /** Not an error of the message: the browser left. */
  async function forget(endpoint: string): Promise<SendResult> {
    await subscriptions?.forget(endpoint)
    return 'gone'
  }

  function checkEndpoint(endpoint: string): void {
    const { hostname } = checkPeerUrl(endpoint, trust)
    if (isService(hostname)) return
    throw new FocusError('push_service_not_allowed', `endpoint: ${notAllowed(hostname)}`, {
      hint: `Allowed are ${allowedServices(options).join(', ')}. If your browsers use another service, an operator adds it: webPush({ services: ['push.example'] }).`,
    })
  }

  function urgencyOf(message: OutboundMessage): Urgency {
    if (typeof options.urgency === 'function') return options.urgency(message)
    const pressing = message.critical || message.type === 'error' || message.type === 'warning'
    return options.urgency ?? (pressing ? 'high' : 'normal')
  }

  return {
    ...settingsOf(options, { concurrency: 16 }),
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

function serviceCheck(options: WebPushOptions): (hostname: string) => boolean {
  if (options.services === 'any' || options.allowPrivateNetwork === true) return () => true
  const services = allowedServices(options)
  return (hostname) => services.some((service) => hostname === service || hostname.endsWith(`.${service}`))
}

function allowedServices({ services = [] }: WebPushOptions): string[] {
  return services === 'any' ? [] : [...knownPushServices, ...services.map((service) => service.toLowerCase())]
}

function notAllowed(hostname: string): string {
  return `${hostname} is not one of the push services that this server calls.`
}

function checkKeys({ subject, publicKey, privateKey }: WebPushOptions): void {
  const bytes = (key: string) => (/^[A-Za-z0-9_-]+$/.test(key) ? Buffer.from(key, 'base64url').length : 0)
  if (bytes(publicKey) !== 65 || bytes(privateKey) !== 32) {
    throw invalidOption(
      'web_push: the VAPID keys have another form.',
      'Make a pair with `npx web-push generate-vapid-keys` and keep it.',
    )
  }
  if (!/^(?:mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/.test(subject)) {
    throw invalidOption(
      'web_push: subject: expected mailto:name@host or an https address.',
      'Push services write there when something is wrong.',
    )
  }
}
