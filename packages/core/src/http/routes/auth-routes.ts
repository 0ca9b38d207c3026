import { jwksCacheSeconds } from '../../auth/keys/key-ring.ts'
import { FocusError } from '../../common/errors.ts'
import { sessionJson, userJson } from './auth-json.ts'
import { type AuthRouteDependencies, TokenDelivery } from './auth-shared.ts'
import { readJsonObject } from '../request/body.ts'
import { BrowserSessions, needsToken } from '../request/browser-session.ts'
import { clientOf } from '../request/client-info.ts'
import { refuseCrossSite } from '../request/cross-site.ts'
import { linkRoutes } from './link-routes.ts'
import { json, noContent, problem, withCookies } from '../responses.ts'
import type { Route, RouteContext } from '../route.ts'
import { signInRoutes } from './sign-in-routes.ts'
import { requirePrincipal } from '../request/require-principal.ts'

/** The routes of `/auth`: signing in, staying signed in, signing out, and the public keys. */
export function authRoutes(dependencies: AuthRouteDependencies): Route[] {
  const { auth, config } = dependencies
  const delivery = new TokenDelivery(config)
  const browserSessions = new BrowserSessions({ auth, cookie: delivery.cookie, origins: config.origins })

  async function refresh(context: RouteContext): Promise<Response> {
    const { refresh_token: fromBody } = await readJsonObject(context.request)
    const fromCookie = fromBody === undefined ? delivery.cookie.read(context.request) : null
    if (fromCookie !== null) refuseCrossSite(context.request, config.origins)
    const refreshToken = fromCookie ?? fromBody
    if (typeof refreshToken !== 'string' || refreshToken === '') {
      throw new FocusError('invalid_request', 'refresh_token is missing.', {
        hint: 'Send {"refresh_token": "…"} as JSON.',
      })
    }
    try {
      return delivery.answer(await auth.sessions.refresh(refreshToken, clientOf(context)), fromCookie !== null)
    } catch (error) {
      const isOver = error instanceof FocusError && error.code === 'invalid_grant'
      if (!isOver || fromCookie === null) throw error
      // Nothing will ever be had for it again.
      return withCookies(problem(error, { oauth: true }), [delivery.cookie.remove()])
    }
  }

  /** Sign-out wins (S39): it ends whatever the request proves, and is done also where that has ended already. */
  async function logout({ request }: RouteContext): Promise<Response> {
    const refreshToken = await namedRefreshToken(request)
    const { sessions, refusal } = await browserSessions.of(request, refreshToken)
    const isOver = refreshToken !== null || browserSessions.hasCookie(request)
    if (refusal !== null && sessions.length === 0 && !isOver) throw refusal
    for (const { sessionId, userKey } of sessions) {
      if (sessionId !== null) await auth.sessions.end(sessionId, 'logout', userKey)
    }
    return signedOut(request)
  }

  async function logoutAll({ request }: RouteContext): Promise<Response> {
    const { sessions, refusal } = await browserSessions.of(request, await namedRefreshToken(request))
    const own = sessions.find(({ spent }) => spent !== true)
    if (!own) throw refusal ?? needsToken()
    await auth.sessions.endAll(own.userKey, 'logout_all')
    return signedOut(request)
  }

  function signedOut(request: Request): Response {
    const hasCookie = delivery.cookie.read(request) !== null
    return noContent(hasCookie ? { 'set-cookie': delivery.cookie.remove() } : {})
  }

  async function me({ principal }: RouteContext): Promise<Response> {
    return json(userJson(await auth.userOf(requirePrincipal(principal))))
  }

  async function sessions({ principal }: RouteContext): Promise<Response> {
    const { userKey, sessionId } = requirePrincipal(principal)
    const list = await auth.sessions.list(userKey)
    return json({ sessions: list.map((session) => sessionJson(session, sessionId)) })
  }

  async function endSession({ principal, params }: RouteContext): Promise<Response> {
    const ended = await auth.sessions.end(params['id'] ?? '', 'revoked', requirePrincipal(principal).userKey)
    if (!ended) throw new FocusError('not_found', 'You have no such session.')
    return noContent()
  }

  async function jwks(): Promise<Response> {
    return json(await auth.keys.jwks(), { headers: { 'cache-control': `public, max-age=${jwksCacheSeconds}` } })
  }

  return [
    ...signInRoutes(dependencies),
    ...linkRoutes(dependencies),
    { method: 'POST', path: '/auth/refresh', access: 'public', limit: 'refresh', oauth: true, handle: refresh },
    // Public, because an access token that has expired must not keep anybody signed in.
    { method: 'POST', path: '/auth/logout', access: 'public', limit: 'refresh', handle: logout },
    { method: 'POST', path: '/auth/logout_all', access: 'public', limit: 'refresh', handle: logoutAll },
    { method: 'GET', path: '/auth/me', access: 'bearer', handle: me },
    { method: 'GET', path: '/auth/sessions', access: 'bearer', handle: sessions },
    { method: 'DELETE', path: '/auth/sessions/:id', access: 'bearer', handle: endSession },
    { method: 'GET', path: '/auth/jwks.json', access: 'public', limit: 'public', handle: jwks },
  ]
}

/** A refresh token in the body; what else a body says has never counted here. */
async function namedRefreshToken(request: Request): Promise<string | null> {
  if (request.headers.get('content-type')?.includes('json') !== true) return null
  const { refresh_token: token } = await readJsonObject(request)
  return typeof token === 'string' && token !== '' ? token : null
}
