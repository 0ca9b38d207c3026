import { assertEnabled } from '../../auth/accounts/accounts.ts'
import type { Flow } from '../../auth/sign-in/flow.ts'
import { maxReturnToLength, withOutcome } from '../../auth/sign-in/return-to.ts'
import { type Callback, FinishedFlowError, type SignedIn, unknownState } from '../../auth/sign-in/sign-in.ts'
import { FocusError } from '../../common/errors.ts'
import { toUserKey, type UserKey } from '../../common/user-id.ts'
import { nonceTtlSeconds } from '../../auth/sign-in/id-tokens.ts'
import { userJson } from './auth-json.ts'
import { type AuthRouteDependencies, secrecy, TokenDelivery, usesHttps } from './auth-shared.ts'
import { readJsonObject } from '../request/body.ts'
import { BrowserSessions } from '../request/browser-session.ts'
import { clientOf } from '../request/client-info.ts'
import { refuseCrossSite } from '../request/cross-site.ts'
import { FlowCookies } from '../request/flow-cookies.ts'
import { queryValue } from '../request/query.ts'
import { internalError, json, withCookies } from '../responses.ts'
import type { RefusedRequest, Route, RouteContext } from '../route.ts'

/** Of a flow with the longest return address and names; one without an address takes less than 500 characters. */
const maxStateLength = 4_096
const maxCodeLength = 4_096

/** The routes of a sign-in: its start, the provider's callback, and the one-time code that may end it. */
export function signInRoutes({ auth, config }: AuthRouteDependencies): Route[] {
  const cookieOptions = { secure: usesHttps(config), maxAgeSeconds: config.flowTtlSeconds }
  const cookies = new FlowCookies('flow', cookieOptions)
  const linkCookies = new FlowCookies('link', cookieOptions)
  const delivery = new TokenDelivery(config)
  const browserSessions = new BrowserSessions({ auth, cookie: delivery.cookie, origins: config.origins })
  const cookiesOf = (flow: Flow) => (flow.link === null ? cookies : linkCookies)

  async function begin({ request, url, params }: RouteContext): Promise<Response> {
    const navigates = isStartByNavigation(request, url)
    const { authorizationUrl, state, binding } = await auth.signIn.start(params['provider'] ?? '', {
      bind: navigates,
      origin: request.headers.get('origin'),
      returnTo: queryValue(url, 'return_to', maxReturnToLength),
      codeChallenge: queryValue(url, 'code_challenge', 128),
      loginHint: queryValue(url, 'login_hint', 320) ?? undefined,
      prompt: promptOf(url),
    })
    const bound = binding === null ? [] : cookies.start(request, state, binding)
    if (navigates) return redirect(authorizationUrl, bound)
    return withCookies(json({ authorization_url: authorizationUrl, state }, { headers: secrecy }), bound)
  }

  async function callback(context: RouteContext): Promise<Response> {
    const { request, url, params } = context
    const provider = params['provider'] ?? ''
    const answer = readCallback(url)
    const flow = auth.signIn.read(provider, answer.state)
    if (!flow) throw unknownState()
    // Somebody may be signed in here now who is not the one that began a link in this browser.
    const voided = flow.link === null ? linkCookies.endAll(request) : []
    const page = isNavigation(request) ? pageOfOrigin(flow, provider) : null
    if (page !== null) return redirect(page + url.search, voided)
    const finish = {
      ...answer,
      binding: cookiesOf(flow).binding(request, answer.state),
      userKey: flow.link === null ? null : await userKeyOf(request),
    }
    if (flow.returnTo !== null) return withCookies(await returnToPage(provider, finish, flow, flow.returnTo), voided)
    const { user, linked, account } = await auth.signIn.complete(provider, finish)
    const bound = flow.bindingHash !== null
    const response = linked
      ? json({ linked: provider, user: userJson(user) })
      : await signedIn(context, { user, provider, account }, bound)
    return withCookies(response, bound ? [cookiesOf(flow).end(answer.state), ...voided] : voided)
  }

  /** The answer that signs in; a session of the same user and browser makes way for the new one. */
  async function signedIn(
    context: RouteContext,
    { user, provider, account }: Pick<SignedIn, 'user' | 'provider' | 'account'>,
    cookieAllowed: boolean,
  ): Promise<Response> {
    const pair = await auth.sessions.start(user, provider, clientOf(context), account)
    await browserSessions.endReplaced(context.request, pair)
    return delivery.answer(pair, cookieAllowed)
  }

  async function userKeyOf(request: Request): Promise<UserKey | null> {
    return (await auth.authenticate(request.headers))?.userKey ?? null
  }

  /** The sign-in ends on a page, with a one-time code; never with a token in a URL. */
  async function returnToPage(provider: string, answer: Callback, flow: Flow, page: string): Promise<Response> {
    try {
      const { user, linked, account } = await auth.signIn.complete(provider, answer)
      if (linked) return redirect(withOutcome(page, { linked: provider }), [linkCookies.end(answer.state)])
      const code = await auth.codes.issue({
        userKey: toUserKey(user.id),
        provider,
        account,
        bindingHash: flow.bindingHash,
        codeChallenge: flow.codeChallenge,
      })
      return redirect(withOutcome(page, { focus_code: code }))
    } catch (error) {
      // The browser's Back, or an address that was opened twice: what there was to do is done.
      if (error instanceof FinishedFlowError) return redirect(withOutcome(page, {}))
      throw error
    }
  }

  /** A sign-in that ends on a page ends there also when it fails. */
  function refuseStart(error: unknown, { request, url }: RefusedRequest): Response | null {
    if (!isStartByNavigation(request, url)) return null
    const asked = url.searchParams.getAll('return_to')
    const page = asked.length === 1 ? auth.signIn.allowedReturnTo(asked[0] ?? '') : null
    return page === null ? null : redirect(withOutcome(page, failure(error)))
  }

  function refuseCallback(error: unknown, { url, params }: RefusedRequest): Response | null {
    const states = url.searchParams.getAll('state')
    const [state = ''] = states
    const flow =
      states.length === 1 && state.length <= maxStateLength ? auth.signIn.read(params['provider'] ?? '', state) : null
    if (flow === null || flow.returnTo === null) return null
    // The cookie stays: the person may go back and agree, and one that has no flow any more ends by itself.
    return redirect(withOutcome(flow.returnTo, failure(error)))
  }

  async function redeem(context: RouteContext): Promise<Response> {
    const { focus_code: code, code_verifier: codeVerifier } = await readJsonObject(context.request)
    if (typeof code !== 'string' || code === '') {
      throw new FocusError('invalid_request', 'focus_code is missing.', { hint: 'Send {"focus_code": "…"} as JSON.' })
    }
    const { request } = context
    const bindings = cookies.bindings(request)
    if (bindings.length > 0) refuseCrossSite(request, config.origins)
    const { userKey, provider, account, sameBrowser } = await auth.codes.redeem(code, {
      codeVerifier: typeof codeVerifier === 'string' ? codeVerifier : null,
      bindings,
    })
    const user = await auth.users.byKey(userKey)
    if (!user) throw new FocusError('invalid_grant', 'The user of this code does not exist any more.')
    return await signedIn(context, { user: assertEnabled(user), provider, account }, sameBrowser)
  }

  function newNonce({ params }: RouteContext): Response {
    const nonce = auth.idTokens.newNonce(params['provider'] ?? '')
    return json({ nonce, expires_in: nonceTtlSeconds }, { headers: secrecy })
  }

  async function idToken(context: RouteContext): Promise<Response> {
    const provider = context.params['provider'] ?? ''
    const { id_token: token } = await readJsonObject(context.request)
    if (typeof token !== 'string' || token === '') {
      throw new FocusError('invalid_request', 'id_token is missing.', { hint: 'Send {"id_token": "…"} as JSON.' })
    }
    const profile = await auth.idTokens.verify(provider, token)
    const { user } = await auth.accounts.signIn(profile)
    const account = { issuer: profile.issuer, subject: profile.subject }
    return await signedIn(context, { user, provider, account }, false)
  }

  return [
    { method: 'GET', path: '/auth/:provider', access: 'public', limit: 'start', handle: begin, refuse: refuseStart },
    {
      method: 'GET',
      path: '/auth/:provider/callback',
      access: 'public',
      limit: 'callback',
      once: true,
      oauth: true,
      handle: callback,
      refuse: refuseCallback,
    },
    { method: 'POST', path: '/auth/token', access: 'public', limit: 'redeem', oauth: true, handle: redeem },
    { method: 'POST', path: '/auth/:provider/nonce', access: 'public', limit: 'start', handle: newNonce },
    {
      method: 'POST',
      path: '/auth/:provider/id_token',
      access: 'public',
      limit: 'redeem',
      oauth: true,
      handle: idToken,
    },
  ]
}

function readCallback(url: URL): Callback {
  const state = queryValue(url, 'state', maxStateLength)
  const code = queryValue(url, 'code', maxCodeLength)
  const iss = queryValue(url, 'iss', 2_048)
  const error = queryValue(url, 'error', 256)
  if (state === null || state === '') {
    throw new FocusError('invalid_request', 'The callback carries no state.', {
      hint: 'This address is where the sign-in provider sends the browser; begin at GET /auth/{provider}.',
    })
  }
  return { state, code, iss, error, binding: null }
}

/** What a page finds in its address of a sign-in that failed. */
function failure(error: unknown): { readonly error: string; readonly error_description: string } {
  const { code, message } = error instanceof FocusError ? error : internalError()
  return { error: code, error_description: message }
}

/**
 * The guide's browser code begins on a page of another origin and handles the callback there, at `/auth/{provider}/callback`:
 * the provider's redirect to us is sent on to it, with nothing consumed.
 */
function pageOfOrigin({ origin, redirectUri, returnTo }: Flow, provider: string): string | null {
  if (origin === null || returnTo !== null || origin === new URL(redirectUri).origin) return null
  return `${origin}/auth/${provider}/callback`
}

/** Who asks for a page is sent to one, also where a client that is no browser says `Sec-Fetch-Mode: cors` of itself. */
function isNavigation(request: Request): boolean {
  return request.headers.get('sec-fetch-mode') === 'navigate' || acceptsHtml(request)
}

function acceptsHtml(request: Request): boolean {
  return request.headers.get('accept')?.includes('text/html') ?? false
}

function isStartByNavigation(request: Request, url: URL): boolean {
  return url.searchParams.get('redirect') === '1' || acceptsHtml(request)
}

function promptOf(url: URL): string | undefined {
  const prompt = queryValue(url, 'prompt', 64)
  if (prompt === null) return undefined
  if (/^(?:none|login|consent|select_account)(?: (?:login|consent|select_account))*$/.test(prompt)) return prompt
  throw new FocusError('invalid_request', 'prompt must be none, login, consent or select_account.')
}

function redirect(location: string, cookies: readonly string[] = []): Response {
  const response = new Response(null, { status: 302, headers: { location, 'cache-control': 'no-store', ...secrecy } })
  return withCookies(response, cookies)
}
