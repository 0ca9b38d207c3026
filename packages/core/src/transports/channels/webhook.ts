import { z } from 'zod'
import { Webhook } from 'standardwebhooks'
import type { JsonObject } from '../../common/json.ts'
import type { Clock } from '../../common/runtime.ts'
import { checkedOptions } from '../../schema/option-checks.ts'
import { errorOfAnswer, postToPeer } from './http-post.ts'
import { PermanentDeliveryError } from '../transport-errors.ts'
import { digest, sendToEach } from './send-to-each.ts'
import { type DnsOptions, NameResolver } from '../../net/name-resolver.ts'
import { checkOutgoingUrl, type UrlTrust } from '../../net/outgoing-url.ts'
import { settingsOf, invalidOption, channelForms as forms, channelOptions } from './channel-options.ts'
import type { DeliveryAttempt, OutboundMessage, OutboundUser, Transport, TransportSettings } from '../transport.ts'

export interface WebhookOptions extends TransportSettings {
  /** `webhook` when absent. */
  readonly name?: string
  /**
   * Where to: one address for everything, broadcasts included, or a function that knows each person's. https only, and http on
   * this machine for one address.
   */
  readonly url: string | ((user: OutboundUser) => WebhookAddresses | Promise<WebhookAddresses>)
  /**
   * Signs (Standard Webhooks, symmetric): `whsec_` and base64 of 24 to 64 random bytes. Several while you rotate, the newest
   * first; every message is then signed with each of them.
   */
  readonly secret: string | readonly string[]
  /** Sent along, such as an API key of a gateway in between. */
  readonly headers?: Readonly<Record<string, string>>
  /** Lets addresses lead into the private network, and be plain http. For your own network only, never with users' addresses. */
  readonly allowPrivateNetwork?: boolean
  /** The body's `data`; the notification's fields in snake_case when absent. */
  readonly format?: (message: OutboundMessage<string>) => JsonObject
  /**
   * How the names of users' addresses are resolved; by the name servers of the system when absent, and with
   * `allowPrivateNetwork` by the system itself.
   */
  readonly dns?: DnsOptions
  /** Told of a person's address that answered 410 Gone, to forget it. */
  readonly onGone?: (url: string, user: OutboundUser) => void | Promise<void>
}

const webhookOptions = channelOptions<WebhookOptions>(
  {
    url: {
      accepts: 'an address, or a function that gives addresses',
      schema: z.union([forms.text.schema, forms.callback.schema]),
      secret: true,
    },
    secret: {
      accepts: 'a text such as whsec_…, or a list of them',
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
 * Posts notifications as JSON, signed as Standard Webhooks says: `webhook-id` is the idempotency key, `webhook-timestamp` the
 * time of the attempt, `webhook-signature` one signature for each secret. Any 2xx is success; 410 Gone switches the transport
 * off (for a person's address: calls `onGone`); other 4xx are final, everything else is tried again.
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
  // Addresses in the operator's own network are the operator's: the system knows its short names.
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

  /** @param owner whose address it is; null for the one of the options */
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

/** A notification as webhooks carry it: the fields of the WebSocket's message, and whose it is. */
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
  if (secrets.length === 0) throw invalidOption('webhook needs a secret.', secretHint)
  return secrets.map((one) => {
    const encoded = one.replace(/^whsec_/, '')
    const bytes = Buffer.from(encoded, 'base64')
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded) || bytes.length < 24 || bytes.length > 64) {
      throw invalidOption('the secret of webhook has another form.', secretHint)
    }
    return new Webhook(one)
  })
}

const secretHint = 'Give `whsec_` and the output of `openssl rand -base64 32`.'

function requireUrl(url: string, trust: UrlTrust): void {
  try {
    checkOutgoingUrl(url, trust)
  } catch (error) {
    throw invalidOption(`webhook: ${(error as Error).message}`, 'Give an https address, or http on this machine.')
  }
}

function listOf(addresses: WebhookAddresses): readonly string[] {
  return [...new Set([addresses ?? []].flat())]
}
