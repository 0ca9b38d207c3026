import { z } from 'zod'
import { Webhook } from 'standardwebhooks'
import type { JsonObject } from '../../common/json.ts'
import type { Clock } from '../../common/runtime.ts'
import { checkedOptions } from '../../schema/option-checks.ts'
import { errorOfAnswer, postToPeer } from './http-post.ts'
import { PermanentDeliveryError } from '../transport-errors.ts'
import { digest, sendToEach } from './send-to-each.ts'
import { type DnsOptions, NameResolver } from '../../net/addresses/name-resolver.ts'
import { checkOutgoingUrl, type UrlTrust } from '../../net/outgoing/outgoing-url.ts'
import { settingsOf, invalidOption, channelForms as forms, channelOptions } from './channel-options.ts'
import type { DeliveryAttempt, OutboundMessage, OutboundUser, Transport, TransportSettings } from '../transport.ts'

/** Settings of `webhook()`. */
export interface WebhookOptions extends TransportSettings {
  /** Default: `webhook`. */
  readonly name?: string
  /**
   * One URL for all notifications, broadcasts included, or a function that returns the URLs of a user. Only https; one URL may also be
   * http on this machine.
   */
  readonly url: string | ((user: OutboundUser) => WebhookAddresses | Promise<WebhookAddresses>)
  /**
   * The signing secret (Standard Webhooks, symmetric): `whsec_` and 24 to 64 random bytes in base64. During a rotation give both, the
   * newest first; every message is signed with each.
   */
  readonly secret: string | readonly string[]
  /** Extra headers, such as the API key of a gateway. */
  readonly headers?: Readonly<Record<string, string>>
  /** Allows URLs in the private network and plain http. Use it for your own URLs only, never with URLs of users. */
  readonly allowPrivateNetwork?: boolean
  /** Returns the `data` of the body. Default: the fields of the notification in snake_case. */
  readonly format?: (message: OutboundMessage<string>) => JsonObject
  /**
   * How the host names of users' URLs are resolved. Default: by the name servers of the system; with `allowPrivateNetwork` by the
   * operating system itself.
   */
  readonly dns?: DnsOptions
  /** Called when the URL of a user answered 410 Gone, so that you can remove it. */
  readonly onGone?: (url: string, user: OutboundUser) => void | Promise<void>
}

const webhookOptions = channelOptions<WebhookOptions>(
  {
    url: {
      accepts: 'a URL, or a function that returns URLs',
      schema: z.union([forms.text.schema, forms.callback.schema]),
      secret: true,
    },
    secret: {
      accepts: 'a string such as whsec_…, or a list of them',
      schema: z.union([z.string().min(1), z.array(z.string().min(1))]),
      secret: true,
    },
    headers: { ...forms.headers, secret: true },
    allowPrivateNetwork: forms.yesOrNo,
    format: forms.callback,
    dns: forms.dns,
    onGone: forms.callback,
  },
  ['url', 'secret'],
)

type WebhookAddresses = string | readonly string[] | null | undefined

/**
 * Posts notifications as JSON, signed according to Standard Webhooks: `webhook-id` is the idempotency key, `webhook-timestamp` the
 * time of the attempt, `webhook-signature` one signature for each secret. 2xx is success. 410 Gone switches the transport off; for
 * the URL of a user it calls `onGone`. 408, 409, 425, 429 and 5xx are tried again; every other answer is permanent.
 *
 * @throws FocusError `invalid_option`
 * @see https://www.standardwebhooks.com
 * @example
 * ```ts
 * webhook({ url: 'https://example.com/hooks/focus', secret: process.env.WEBHOOK_SECRET })
 * ```
 */
export function webhook(given: WebhookOptions): Transport<string> {
  const options = checkedOptions(given, webhookOptions, 'webhook')
  const { url, name = 'webhook', allowPrivateNetwork = false } = options
  const keys = signingKeys(options.secret)
  const fixed = typeof url === 'string' ? url : null
  const trust: UrlTrust = allowPrivateNetwork ? 'anywhere' : fixed === null ? 'public' : 'configured'
  if (fixed !== null) requireUrl(fixed, trust)
  // Only the operating system resolves the short names of the operator's own network.
  const names = allowPrivateNetwork && !options.dns ? null : new NameResolver(options.dns)
  let clock: Clock = Date.now

  async function deliver(message: OutboundMessage<string>, attempt: DeliveryAttempt): Promise<void> {
    const body = JSON.stringify({
      type: message.count > 1 ? 'notification.merged' : 'notification.created',
      timestamp: new Date(message.timestamp).toISOString(),
      data: options.format ? options.format(message) : notificationJson(message),
    })
    if (fixed !== null) return postTo(fixed, body, attempt, null)
    await sendToEach(
      message.to,
      (address) => address,
      attempt,
      (address) => postTo(address, body, attempt, message.user),
    )
  }

  /** @param owner the user whose URL it is; null for the URL of the options */
  async function postTo(
    target: string,
    body: string,
    { idempotencyKey, signal }: DeliveryAttempt,
    owner: OutboundUser | null,
  ): Promise<void> {
    const now = new Date(clock())
    const answer = await postToPeer({
      url: target,
      body,
      headers: {
        'content-type': 'application/json',
        ...options.headers,
        'webhook-id': idempotencyKey,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
        'webhook-signature': keys.map((key) => key.sign(idempotencyKey, now, body)).join(' '),
      },
      signal,
      trust,
      ...(owner && names && { addressesOf: (host) => names.resolve(host, { party: owner.key, signal }) }),
    })
    if (answer.ok) return
    const { host } = new URL(target)
    if (answer.status !== 410) throw errorOfAnswer(answer, host, clock)
    if (owner) await options.onGone?.(target, owner)
    throw new PermanentDeliveryError(`${host} answered 410 (Gone).`, { disable: owner === null, category: 'gone' })
  }

  return {
    ...settingsOf(options),
    name,
    ...(fixed === null ? {} : { fingerprint: digest(fixed) }),
    ...(typeof url === 'string' ? {} : { addresses: async (user: OutboundUser) => listOf(await url(user)) }),
    start: (host) => void (clock = host.clock),
    deliver,
  }
}

/** Returns the JSON of a notification: the fields of the WebSocket message, and its user. */
function notificationJson(message: OutboundMessage): JsonObject {
  return {
    id: message.id,
    epoch: message.epoch,
    offset: message.offset,
    user_id: message.user?.id ?? null,
    broadcast: message.user === null,
    notification_type: message.type,
    title: message.title,
    message: message.message,
    event: message.event,
    data: message.data,
    timestamp: new Date(message.timestamp).toISOString(),
    count: message.count,
    group_key: message.groupKey,
  }
}

function signingKeys(secret: string | readonly string[]): Webhook[] {
  const secrets = [secret].flat().filter((one) => one !== '')
  if (secrets.length === 0) throw invalidOption('webhook: secret is missing.', secretHint)
  return secrets.map((one) => {
    const encoded = one.replace(/^whsec_/, '')
    const bytes = Buffer.from(encoded, 'base64')
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded) || bytes.length < 24 || bytes.length > 64) {
      throw invalidOption('webhook: secret is not `whsec_` and 24 to 64 bytes in base64.', secretHint)
    }
    return new Webhook(one)
  })
}

const secretHint = 'Use `whsec_` and the output of `openssl rand -base64 32`.'

function requireUrl(url: string, trust: UrlTrust): void {
  try {
    checkOutgoingUrl(url, trust)
  } catch (error) {
    throw invalidOption(`webhook: ${(error as Error).message}`, 'Use an https URL, or http on this machine.')
  }
}

function listOf(addresses: WebhookAddresses): readonly string[] {
  return [...new Set([addresses ?? []].flat())]
}
