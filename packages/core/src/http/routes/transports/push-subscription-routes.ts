import { z } from 'zod'
import { FocusError } from '../../../common/errors.ts'
import type { Clock } from '../../../common/runtime.ts'
import type { WebPushTransport } from '../../../transports/channels/web-push.ts'
import {
  isAuthSecret,
  isP256Point,
  type PushSubscription,
  type PushSubscriptionStore,
} from '../../../transports/preferences/push-subscriptions-port.ts'
import { readJsonObject } from '../../request/body.ts'
import { queryValue } from '../../request/query.ts'
import { requirePrincipal } from '../../request/require-principal.ts'
import { json, noContent } from '../../responses.ts'
import type { Route, RouteContext } from '../../route.ts'

/** The maximum number of browsers of one user. A new one replaces the oldest. */
const maxSubscriptions = 20

/** The JSON of the `PushSubscription` that `pushManager.subscribe()` returns. */
export const subscriptionBody = z.object({
  endpoint: z.url().max(2_048),
  expirationTime: z.number().nullish(),
  keys: z.object({
    p256dh: z.string().refine(isP256Point, 'is not a point of the curve P-256'),
    auth: z.string().refine(isAuthSecret, 'is not 16 bytes'),
  }),
})

export interface PushSubscriptionRoutesDeps {
  readonly subscriptions: PushSubscriptionStore
  /** Null when Web Push is not configured. */
  readonly webPush: WebPushTransport | null
  readonly clock: Clock
}

/** Lets users register, list and remove their browsers for Web Push. */
export function pushSubscriptionRoutes({ subscriptions, webPush, clock }: PushSubscriptionRoutesDeps): Route[] {
  async function register({ request, principal }: RouteContext): Promise<Response> {
    const transport = requireWebPush(webPush)
    const body = await readJsonObject(request)
    const subscription = parseSubscription(body['subscription'] ?? body)
    checkEndpoint(transport, subscription.endpoint)
    const { userKey } = requirePrincipal(principal)
    await subscriptions.put(userKey, subscription, { now: clock(), max: maxSubscriptions })
    return json({ endpoint: subscription.endpoint }, { status: 201 })
  }

  async function list({ principal }: RouteContext): Promise<Response> {
    const { publicKey } = requireWebPush(webPush)
    const { userKey } = requirePrincipal(principal)
    const registered = await subscriptions.list(userKey, clock())
    return json({ public_key: publicKey, subscriptions: registered.map(({ endpoint }) => ({ endpoint })) })
  }

  async function remove({ url, request, principal }: RouteContext): Promise<Response> {
    const { endpoint } = { endpoint: queryValue(url, 'endpoint', 2_048), ...(await readJsonObject(request)) }
    if (typeof endpoint !== 'string' || endpoint === '') {
      throw new FocusError('invalid_request', 'endpoint is missing.', {
        hint: 'Send {"endpoint": "<subscription.endpoint>"} as JSON.',
      })
    }
    // Succeeds for an unknown endpoint too: the browser cannot know that the server removed it before.
    await subscriptions.remove(requirePrincipal(principal).userKey, endpoint)
    return noContent()
  }

  const path = '/notifications/push-subscriptions'
  return [
    { method: 'GET', path, access: 'bearer', handle: list },
    { method: 'POST', path, access: 'bearer', handle: register },
    { method: 'DELETE', path, access: 'bearer', handle: remove },
  ]
}

function requireWebPush(webPush: WebPushTransport | null): WebPushTransport {
  if (webPush) return webPush
  throw new FocusError('not_found', 'Web Push is not configured on this server.', {
    hint: 'Pass webPush({ subject, publicKey, privateKey }) in the transports of createFocus().',
  })
}

function parseSubscription(body: unknown): PushSubscription {
  const result = subscriptionBody.safeParse(body)
  if (result.success) return { ...result.data, expirationTime: result.data.expirationTime ?? null }
  const [issue] = result.error.issues
  throw new FocusError('invalid_request', `${issue?.path.join('.') || 'body'}: ${issue?.message}.`, {
    hint: 'Send the JSON of the PushSubscription that pushManager.subscribe() returned.',
  })
}

function checkEndpoint(webPush: WebPushTransport, endpoint: string): void {
  try {
    webPush.checkEndpoint(endpoint)
  } catch (error) {
    if (error instanceof FocusError) throw error
    throw new FocusError('invalid_request', `endpoint: ${(error as Error).message}`, {
      hint: 'Send the subscription that pushManager.subscribe() returned.',
    })
  }
}
