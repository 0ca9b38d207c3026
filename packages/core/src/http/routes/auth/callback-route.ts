import type { SignInCallback } from '../../../auth/sign-in/callback.ts'
import { withOutcome } from '../../../auth/sign-in/return-to.ts'
import type { SignInResult } from '../../../auth/sign-in/sign-in.ts'
import { FocusError } from '../../../common/errors.ts'
import { acceptsHtml } from '../../request/headers.ts'
import { queryValue } from '../../request/query.ts'
import { json, withCookies } from '../../responses.ts'
import type { RefusedRequest, Route, RouteContext } from '../../route.ts'
import { userJson } from './auth-json.ts'
import type { AuthRouteParts } from './auth-route-parts.ts'
import { redirect, redirectWithError } from './redirect.ts'

/** Length of the state of a flow with the longest return address and names; one without an address takes less than 500. */
const maxStateLength = 4_096
const maxCodeLength = 4_096

/** Finishes a sign-in or a link: the provider's redirect back to this server. */
export function callbackRoute(parts: AuthRouteParts): Route {
  const { auth, cookies, clientOf } = parts

  async function handle(context: RouteContext): Promise<Response> {
    const { request, url, params } = context
    const callback = readCallback(params['provider'] ?? '', url, request, cookies)
    const result = await auth.signIn.finish(callback, clientOf(context))
    return withCookies(respond(result, url, parts), cookiesToRemove(result, callback.state, request, cookies))
  }

  /** A flow that ends on a page also ends there when it fails. Its cookie stays, because the user may go back and agree. */
  function refuse(error: unknown, { url, params }: RefusedRequest): Response | null {
    const [state, ...others] = url.searchParams.getAll('state')
    if (state === undefined || others.length > 0 || state.length > maxStateLength) return null
    const page = auth.signIn.pageOf(params['provider'] ?? '', state)
    return page === null ? null : redirectWithError(page, error)
  }

  return {
    method: 'GET',
    path: '/auth/:provider/callback',
    access: 'public',
    limit: 'callback',
    once: true,
    oauth: true,
    handle,
    refuse,
  }
}

function readCallback(
  provider: string,
  url: URL,
  request: Request,
  cookies: AuthRouteParts['cookies'],
): SignInCallback {
  const state = queryValue(url, 'state', maxStateLength)
  const code = queryValue(url, 'code', maxCodeLength)
  const iss = queryValue(url, 'iss', 2_048)
  const error = queryValue(url, 'error', 256)
  if (state === null || state === '') {
    throw new FocusError('invalid_request', 'The callback carries no state.', {
      hint: 'The sign-in provider sends the browser to this address; start at GET /auth/{provider}.',
    })
  }
  const bindings = { signIn: cookies.signIn.binding(request, state), link: cookies.link.binding(request, state) }
  // Some clients that are not browsers ask for HTML with `Sec-Fetch-Mode: cors`.
  const navigates = request.headers.get('sec-fetch-mode') === 'navigate' || acceptsHtml(request.headers)
  return { provider, state, code, iss, error, bindings, navigates }
}

function respond(result: SignInResult, url: URL, { delivery }: AuthRouteParts): Response {
  switch (result.kind) {
    case 'tokens':
      return delivery.respond(result.tokens, result.sameBrowser)
    case 'code':
      return redirect(withOutcome(result.page, { focus_code: result.code }))
    case 'linked': {
      const { provider, page, user } = result
      return page === null
        ? json({ linked: provider, user: userJson(user) })
        : redirect(withOutcome(page, { linked: provider }))
    }
    case 'forward':
      return redirect(result.page + url.search)
    case 'repeated':
      return redirect(withOutcome(result.page, {}))
  }
}

/** A sign-in voids the links of its browser, where another user may be signed in now (S37). */
function cookiesToRemove(
  result: SignInResult,
  state: string,
  request: Request,
  cookies: AuthRouteParts['cookies'],
): string[] {
  switch (result.kind) {
    case 'tokens':
      return [...(result.sameBrowser ? [cookies.signIn.end(state)] : []), ...cookies.link.endAll(request)]
    case 'code':
      return cookies.link.endAll(request)
    case 'linked':
      return [cookies.link.end(state)]
    case 'forward':
    case 'repeated':
      return result.link ? [] : cookies.link.endAll(request)
  }
}
