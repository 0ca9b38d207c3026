import { jwksCacheSeconds } from '../auth/keys/key-ring.ts'
import { FocusError } from '../errors.ts'
import { sessionJson, userJson } from './auth-json.ts'
import { type AuthRouteDependencies, TokenDelivery } from './auth-shared.ts'
import { readJsonObject } from './body.ts'
import { clientOf } from './client-info.ts'
import { refuseCrossSite } from './cross-site.ts'
import { linkRoutes } from './link-routes.ts'
import { json, noContent } from './responses.ts'
import type { Route, RouteContext } from './route.ts'
import { signInRoutes } from './sign-in-routes.ts'
import { signedIn } from './signed-in.ts'

/** The routes of `/auth`: signing in, staying signed in, signing out, and the public keys. */
export function authRoutes(dependencies: AuthRouteDependencies): Route[] {
  const { auth, config } = dependencies
  const delivery = new TokenDelivery(config)

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
    return delivery.answer(await auth.sessions.refresh(refreshToken, clientOf(context)), fromCookie !== null)
  }

  async function logout({ principal, request }: RouteContext): Promise<Response> {
    const { sessionId, userKey } = signedIn(principal)
    if (sessionId !== null) await auth.sessions.end(sessionId, 'logout', userKey)
    return signedOut(request)
  }

  async function logoutAll({ principal, request }: RouteContext): Promise<Response> {
    await auth.sessions.endAll(signedIn(principal).userKey, 'logout_all')
    return signedOut(request)
  }

  function signedOut(request: Request): Response {
    const hasCookie = delivery.cookie.read(request) !== null
    return noContent(hasCookie ? { 'set-cookie': delivery.cookie.remove() } : {})
  }

  async function me({ principal }: RouteContext): Promise<Response> {
    return json(userJson(await auth.userOf(signedIn(principal))))
  }

  async function sessions({ principal }: RouteContext): Promise<Response> {
    const { userKey, sessionId } = signedIn(principal)
    const list = await auth.sessions.list(userKey)
    return json({ sessions: list.map((session) => sessionJson(session, sessionId)) })
  }

  async function endSession({ principal, params }: RouteContext): Promise<Response> {
    const ended = await auth.sessions.end(params['id'] ?? '', 'revoked', signedIn(principal).userKey)
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
    { method: 'POST', path: '/auth/logout', access: 'bearer', handle: logout },
    { method: 'POST', path: '/auth/logout_all', access: 'bearer', handle: logoutAll },
    { method: 'GET', path: '/auth/me', access: 'bearer', handle: me },
    { method: 'GET', path: '/auth/sessions', access: 'bearer', handle: sessions },
    { method: 'DELETE', path: '/auth/sessions/:id', access: 'bearer', handle: endSession },
    { method: 'GET', path: '/auth/jwks.json', access: 'public', limit: 'public', handle: jwks },
  ]
}
