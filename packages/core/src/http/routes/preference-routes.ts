import { z } from 'zod'
import { FocusError } from '../../common/errors.ts'
import { emailTexts } from '../../messages/email.ts'
import { ownLanguage } from '../../common/text/locale.ts'
import type { JsonObject } from '../../common/json.ts'
import type { Clock } from '../../common/runtime.ts'
import { escapeHtml } from '../../common/text/escape-html.ts'
import type { PersonalPreferences, PreferenceService } from '../../transports/preferences/focus-preferences.ts'
import {
  isAuthSecret,
  isP256Point,
  type PushSubscription,
  type PushSubscriptionStore,
} from '../../transports/preferences/push-subscriptions-port.ts'
import type { Unsubscription, UnsubscribeTokens } from '../../transports/preferences/unsubscribe-tokens.ts'
import type { WebPushTransport } from '../../transports/channels/web-push.ts'
import { readJsonObject } from '../request/body.ts'
import { queryValue } from '../request/query.ts'
import { json, noContent } from '../responses.ts'
import type { Route, RouteContext } from '../route.ts'

/** More browsers than anybody has; the oldest give way. */
const maxSubscriptions = 20

/** What `pushManager.subscribe()` gives, as JSON. */
export const subscriptionBody = z.object({
  endpoint: z.url().max(2_048),
  expirationTime: z.number().nullish(),
  keys: z.object({
    p256dh: z.string().refine(isP256Point, 'is not a point of the curve P-256'),
    auth: z.string().refine(isAuthSecret, 'is not 16 bytes'),
  }),
})

export interface PreferenceRoutesDeps {
  readonly preferences: PreferenceService
  readonly subscriptions: PushSubscriptionStore
  /** Null while Web Push is not configured. */
  readonly webPush: WebPushTransport | null
  readonly unsubscribe: UnsubscribeTokens
  readonly locale: 'fr' | 'en'
  readonly clock: Clock
}

/** What people want to be told and where: their preferences, their browsers, and the links in their mails. */
export function preferenceRoutes(deps: PreferenceRoutesDeps): Route[] {
  const { preferences, subscriptions, clock } = deps

  async function subscribe(context: RouteContext): Promise<Response> {
    const webPush = requireWebPush(deps.webPush)
    const body = await readJsonObject(context.request)
    const subscription = parseSubscription(body['subscription'] ?? body)
    try {
      webPush.checkEndpoint(subscription.endpoint)
    } catch (error) {
      if (error instanceof FocusError) throw error
      throw new FocusError('invalid_request', `endpoint: ${(error as Error).message}`, {
        hint: 'Send the subscription as pushManager.subscribe() gave it.',
      })
    }
    await subscriptions.put(personOf(context), subscription, { now: clock(), max: maxSubscriptions })
    return json({ endpoint: subscription.endpoint }, { status: 201 })
  }

  async function listSubscriptions(context: RouteContext): Promise<Response> {
    const { publicKey } = requireWebPush(deps.webPush)
    const list = await subscriptions.list(personOf(context), clock())
    return json({ public_key: publicKey, subscriptions: list.map(({ endpoint }) => ({ endpoint })) })
  }

  async function unsubscribeBrowser(context: RouteContext): Promise<Response> {
    const { endpoint } = {
      endpoint: queryValue(context.url, 'endpoint', 2_048),
      ...(await readJsonObject(context.request)),
    }
    if (typeof endpoint !== 'string' || endpoint === '') {
      throw new FocusError('invalid_request', 'endpoint is missing.', {
        hint: 'Send {"endpoint": "<subscription.endpoint>"} as JSON.',
      })
    }
    // Also when it is not there: a browser that signs out cannot know what the server forgot before.
    await subscriptions.remove(personOf(context), endpoint)
    return noContent()
  }

  function unsubscriptionOf({ url }: RouteContext): Unsubscription {
    const unsubscription = deps.unsubscribe.read(queryValue(url, 'token', 2_000) ?? '')
    if (unsubscription) return unsubscription
    throw new FocusError('invalid_request', 'The link is not complete, or not from here.', {
      hint: 'Open it again from the message, or change your preferences after signing in.',
    })
  }

  /** RFC 8058: one POST, without a cookie, a sign-in or a redirect. */
  async function unsubscribe(context: RouteContext): Promise<Response> {
    const { userKey, event, transport } = unsubscriptionOf(context)
    await preferences.set(userKey, event, transport, false)
    const { done } = emailTexts[languageOf(context, deps.locale)]
    return page(languageOf(context, deps.locale), `<p>${escapeHtml(done)}</p>`)
  }

  /** Mail scanners follow links: only the button, or the one-click POST, changes anything. */
  function askToUnsubscribe(context: RouteContext): Response {
    unsubscriptionOf(context)
    const language = languageOf(context, deps.locale)
    const { ask, confirm } = emailTexts[language]
    return page(
      language,
      `<form method="post"><p>${escapeHtml(ask)}</p><button type="submit">${escapeHtml(confirm)}</button></form>`,
    )
  }

  return [
    {
      method: 'GET',
      path: '/notifications/preferences',
      access: 'bearer',
      handle: async (context) => json(preferencesJson(await preferences.get(personOf(context)))),
    },
    {
      method: 'PUT',
      path: '/notifications/preferences',
      access: 'bearer',
      handle: async (context) => {
        const change = await readJsonObject(context.request)
        return json(preferencesJson(await preferences.put(personOf(context), change)))
      },
    },
    { method: 'GET', path: '/notifications/push-subscriptions', access: 'bearer', handle: listSubscriptions },
    { method: 'POST', path: '/notifications/push-subscriptions', access: 'bearer', handle: subscribe },
    { method: 'DELETE', path: '/notifications/push-subscriptions', access: 'bearer', handle: unsubscribeBrowser },
    { method: 'GET', path: '/notifications/unsubscribe', access: 'public', limit: 'public', handle: askToUnsubscribe },
    { method: 'POST', path: '/notifications/unsubscribe', access: 'public', limit: 'public', handle: unsubscribe },
  ]
}

function personOf({ principal }: RouteContext) {
  if (!principal) throw new FocusError('unauthenticated', 'Preferences need an access token.')
  return principal.userKey
}

function preferencesJson({ locale, preferences, topics, transports }: PersonalPreferences): JsonObject {
  return {
    locale,
    preferences: Object.fromEntries(Object.entries(preferences).map(([topic, row]) => [topic, { ...row }])),
    topics: [...topics],
    transports: [...transports],
  }
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
    hint: 'Send the JSON of the PushSubscription that pushManager.subscribe() gave.',
  })
}

function languageOf({ request }: RouteContext, fallback: 'fr' | 'en'): 'fr' | 'en' {
  const [first = ''] = (request.headers.get('accept-language') ?? '').split(/[,;]/)
  return ownLanguage(first) ?? fallback
}

function page(language: string, body: string): Response {
  return new Response(
    `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>Focus</title></head>
<body style="font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem">${body}</body></html>
`,
    {
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'content-security-policy':
          "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      },
    },
  )
}
