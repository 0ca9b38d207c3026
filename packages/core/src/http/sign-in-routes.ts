import { assertEnabled } from '../auth/accounts.ts'
import type { Flow } from '../auth/sign-in/flow.ts'
import { withParameters } from '../auth/sign-in/return-to.ts'
import type { Callback } from '../auth/sign-in/sign-in.ts'
import { FocusError } from '../errors.ts'
import { toUserKey, type UserKey } from '../user-id.ts'
import { nonceTtlSeconds } from '../auth/sign-in/id-tokens.ts'
import { userJson } from './auth-json.ts'
import { type AuthRouteDependencies, secrecy, TokenDelivery, usesHttps } from './auth-shared.ts'
import { readJsonObject } from './body.ts'
import { clientOf } from './client-info.ts'
import { refuseCrossSite } from './cross-site.ts'
import { FlowCookies } from './flow-cookies.ts'
import { queryValue } from './query.ts'
import { json } from './responses.ts'
import type { Route, RouteContext } from './route.ts'

const maxStateLength = 512
const maxCodeLength = 4_096

/** The routes of a sign-in: its start, the provider's callback, and the one-time code that may end it. */
export function signInRoutes({ auth, config }: AuthRouteDependencies): Route[] {
  const cookies = new FlowCookies({ secure: usesHttps(config), maxAgeSeconds: config.flowTtlSeconds })
  const delivery = new TokenDelivery(config)

  async function begin({ request, url, params }: RouteContext): Promise<Response> {
    const navigates = queryValue(url, 'redirect', 8) === '1' || acceptsHtml(request)
    const { authorizationUrl, state, binding } = await auth.signIn.begin(params['provider'] ?? '', {
      bind: navigates,
      origin: request.headers.get('origin'),
      returnTo: queryValue(url, 'return_to', 2_048),
      codeChallenge: queryValue(url, 'code_challenge', 128),
      loginHint: queryValue(url, 'login_hint', 320) ?? undefined,
      prompt: promptOf(url),
    })
    if (binding === null) return json({ authorization_url: authorizationUrl, state }, { headers: secrecy })
    return redirect(authorizationUrl, cookies.begin(request, state, binding))
  }

  async function callback(context: RouteContext): Promise<Response> {
    const { request, url, params } = context
    const provider = params['provider'] ?? ''
    const answer = readCallback(url, (state) => cookies.binding(request, state))
    const flow = await auth.signIn.peek(provider, answer.state)
    const page = flow && isNavigation(request) ? pageOfOrigin(flow, provider) : null
    if (page !== null) return redirect(page + url.search)
    const finish = { ...answer, flow, userKey: flow?.linkTo == null ? null : await userKeyOf(request) }
    if (flow?.returnTo != null) return await returnToPage(provider, finish, flow, flow.returnTo)
    const { user, linked } = await auth.signIn.complete(provider, finish)
    const bound = flow?.bindingHash != null
    const response = linked
      ? json({ linked: provider, user: userJson(user) })
      : delivery.answer(await auth.sessions.start(user, provider, clientOf(context)), bound)
    if (bound) response.headers.append('set-cookie', cookies.end(answer.state))
    return response
  }

  async function userKeyOf(request: Request): Promise<UserKey | null> {
    return (await auth.authenticate(request.headers))?.userKey ?? null
  }

  /** The sign-in ends on a page: with a one-time code, or with what went wrong; never with a token in a URL. */
  async function returnToPage(provider: string, answer: Callback, flow: Flow, page: string): Promise<Response> {
    try {
      const { user, linked } = await auth.signIn.complete(provider, answer)
      if (linked) return redirect(withParameters(page, { linked: provider }), [cookies.end(answer.state)])
      const code = await auth.codes.issue({
        userKey: toUserKey(user.id),
        provider,
        bindingHash: flow.bindingHash,
        codeChallenge: flow.codeChallenge,
      })
      return redirect(withParameters(page, { focus_code: code }))
    } catch (error) {
      const stays = !(error instanceof FocusError) || error.code === 'invalid_state' || error.code === 'flow_not_bound'
      if (stays) throw error
      return redirect(withParameters(page, { error: error.code, error_description: error.message }), [
        cookies.end(answer.state),
      ])
    }
  }

  async function redeem(context: RouteContext): Promise<Response> {
    const { focus_code: code, code_verifier: codeVerifier } = await readJsonObject(context.request)
    if (typeof code !== 'string' || code === '') {
      throw new FocusError('invalid_request', 'focus_code is missing.', { hint: 'Send {"focus_code": "…"} as JSON.' })
    }
    const bindings = cookies.bindings(context.request)
    if (bindings.length > 0) refuseCrossSite(context.request, config.origins)
    const { userKey, provider, sameBrowser } = await auth.codes.redeem(code, {
      codeVerifier: typeof codeVerifier === 'string' ? codeVerifier : null,
      bindings,
    })
    const user = await auth.users.byKey(userKey)
    if (!user) throw new FocusError('invalid_grant', 'The user of this code does not exist any more.')
    return delivery.answer(await auth.sessions.start(assertEnabled(user), provider, clientOf(context)), sameBrowser)
  }

  async function newNonce({ params }: RouteContext): Promise<Response> {
    const nonce = await auth.idTokens.newNonce(params['provider'] ?? '')
    return json({ nonce, expires_in: nonceTtlSeconds }, { headers: secrecy })
  }

  async function idToken(context: RouteContext): Promise<Response> {
    const provider = context.params['provider'] ?? ''
    const { id_token: token } = await readJsonObject(context.request)
    if (typeof token !== 'string' || token === '') {
      throw new FocusError('invalid_request', 'id_token is missing.', { hint: 'Send {"id_token": "…"} as JSON.' })
    }
    const { user } = await auth.accounts.signIn(await auth.idTokens.verify(provider, token))
    return delivery.answer(await auth.sessions.start(user, provider, clientOf(context)), false)
  }

  return [
    { method: 'GET', path: '/auth/:provider', access: 'public', limit: 'start', handle: begin },
    {
      method: 'GET',
      path: '/auth/:provider/callback',
      access: 'public',
      limit: 'callback',
      once: true,
      oauth: true,
      handle: callback,
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

function readCallback(url: URL, binding: (state: string) => string | null): Callback {
  const state = queryValue(url, 'state', maxStateLength)
  const code = queryValue(url, 'code', maxCodeLength)
  const iss = queryValue(url, 'iss', 2_048)
  const error = queryValue(url, 'error', 256)
  if (state === null || state === '') {
    throw new FocusError('invalid_request', 'The callback carries no state.', {
      hint: 'This address is where the sign-in provider sends the browser; begin at GET /auth/{provider}.',
    })
  }
  return { state, code, iss, error, binding: binding(state) }
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

function promptOf(url: URL): string | undefined {
  const prompt = queryValue(url, 'prompt', 64)
  if (prompt === null) return undefined
  if (/^(?:none|login|consent|select_account)(?: (?:login|consent|select_account))*$/.test(prompt)) return prompt
  throw new FocusError('invalid_request', 'prompt must be none, login, consent or select_account.')
}

function redirect(location: string, cookies: readonly string[] = []): Response {
  const response = new Response(null, { status: 302, headers: { location, 'cache-control': 'no-store', ...secrecy } })
  for (const cookie of cookies) response.headers.append('set-cookie', cookie)
  return response
}
