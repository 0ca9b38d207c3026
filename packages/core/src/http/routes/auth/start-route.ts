import { maxReturnToLength } from '../../../auth/sign-in/return-to.ts'
import { FocusError } from '../../../common/errors.ts'
import { acceptsHtml } from '../../request/headers.ts'
import { queryValue } from '../../request/query.ts'
import { json, withCookies } from '../../responses.ts'
import type { RefusedRequest, Route, RouteContext } from '../../route.ts'
import type { AuthRouteParts } from './auth-route-parts.ts'
import { redirect, redirectWithError } from './redirect.ts'
import { secretHeaders } from './token-delivery.ts'

/** Starts a sign-in: redirects a navigation to the provider, and answers a `fetch` with the address. */
export function startRoute({ auth, cookies }: AuthRouteParts): Route {
  async function handle({ request, url, params }: RouteContext): Promise<Response> {
    const navigates = isNavigation(request, url)
    const { authorizationUrl, state, binding } = await auth.signIn.start(params['provider'] ?? '', {
      bind: navigates,
      origin: request.headers.get('origin'),
      returnTo: queryValue(url, 'return_to', maxReturnToLength),
      codeChallenge: queryValue(url, 'code_challenge', 128),
      loginHint: queryValue(url, 'login_hint', 320) ?? undefined,
      prompt: promptOf(url),
    })
    const bound = binding === null ? [] : cookies.signIn.start(request, state, binding)
    if (navigates) return redirect(authorizationUrl, bound)
    return withCookies(json({ authorization_url: authorizationUrl, state }, { headers: secretHeaders }), bound)
  }

  /** A sign-in that ends on a page also ends there when it fails. */
  function refuse(error: unknown, { request, url }: RefusedRequest): Response | null {
    if (!isNavigation(request, url)) return null
    const [address, ...others] = url.searchParams.getAll('return_to')
    const page = address === undefined || others.length > 0 ? null : auth.signIn.allowedReturnTo(address)
    return page === null ? null : redirectWithError(page, error)
  }

  return { method: 'GET', path: '/auth/:provider', access: 'public', limit: 'start', handle, refuse }
}

function isNavigation(request: Request, url: URL): boolean {
  return url.searchParams.get('redirect') === '1' || acceptsHtml(request.headers)
}

function promptOf(url: URL): string | undefined {
  const prompt = queryValue(url, 'prompt', 64)
  if (prompt === null) return undefined
  if (/^(?:none|login|consent|select_account)(?: (?:login|consent|select_account))*$/.test(prompt)) return prompt
  throw new FocusError('invalid_request', 'prompt must be none, login, consent or select_account.')
}
