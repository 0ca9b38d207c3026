import { FocusError } from '../../../common/errors.ts'
import { escapeHtml } from '../../../common/text/escape-html.ts'
import { ownLanguage } from '../../../common/text/locale.ts'
import { emailTexts } from '../../../messages/email-texts.ts'
import type { PreferenceService } from '../../../transports/preferences/focus-preferences.ts'
import type { Unsubscription, UnsubscribeTokens } from '../../../transports/preferences/unsubscribe-tokens.ts'
import { queryValue } from '../../request/query.ts'
import type { Route, RouteContext } from '../../route.ts'

export interface UnsubscribeRoutesDeps {
  readonly preferences: PreferenceService
  readonly tokens: UnsubscribeTokens
  /** The language of a page for a browser that asks for neither French nor English. */
  readonly locale: 'fr' | 'en'
}

/** Serves the links in messages that switch a topic off at a transport, without a sign-in. */
export function unsubscribeRoutes({ preferences, tokens, locale }: UnsubscribeRoutesDeps): Route[] {
  function unsubscriptionOf({ url }: RouteContext): Unsubscription {
    const unsubscription = tokens.read(queryValue(url, 'token', 2_000) ?? '')
    if (unsubscription) return unsubscription
    throw new FocusError('invalid_request', 'The link is incomplete, or another server issued it.', {
      hint: 'Open the link in the message again, or change your preferences after signing in.',
    })
  }

  /** Changes nothing, because mail scanners follow links. Only the button or the one-click POST does. */
  function ask(context: RouteContext): Response {
    unsubscriptionOf(context)
    const language = languageOf(context, locale)
    const { ask: question, confirm } = emailTexts[language]
    return page(
      language,
      `<form method="post"><p>${escapeHtml(question)}</p><button type="submit">${escapeHtml(confirm)}</button></form>`,
    )
  }

  /** RFC 8058: one POST, without a cookie, a sign-in or a redirect. */
  async function unsubscribe(context: RouteContext): Promise<Response> {
    const { userKey, event, transport } = unsubscriptionOf(context)
    await preferences.set(userKey, event, transport, false)
    const language = languageOf(context, locale)
    return page(language, `<p>${escapeHtml(emailTexts[language].done)}</p>`)
  }

  const path = '/notifications/unsubscribe'
  return [
    { method: 'GET', path, access: 'public', limit: 'public', handle: ask },
    { method: 'POST', path, access: 'public', limit: 'public', handle: unsubscribe },
  ]
}

function languageOf({ request }: RouteContext, fallback: 'fr' | 'en'): 'fr' | 'en' {
  const [first = ''] = (request.headers.get('accept-language') ?? '').split(/[,;]/)
  return ownLanguage(first) ?? fallback
}

function page(language: string, body: string): Response {
  const html = `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>Focus</title></head>
<body style="font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem">${body}</body></html>
`
  return new Response(html, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    },
  })
}
