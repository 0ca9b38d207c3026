import { jwksCacheSeconds } from '../auth/keys/key-ring.ts'
import type { Principal } from '../auth/types.ts'
import { FocusError } from '../errors.ts'
import { sessionJson, tokenJson, userJson } from './auth-json.ts'
import { type AuthRouteDependencies, secrecy } from './auth-shared.ts'
import { readJsonObject } from './body.ts'
import { clientOf } from './client-info.ts'
import { json, noContent } from './responses.ts'
import type { Route, RouteContext } from './route.ts'
import { signInRoutes } from './sign-in-routes.ts'

/** The routes of `/auth`: signing in, staying signed in, signing out, and the public keys. */
export function authRoutes(dependencies: AuthRouteDependencies): Route[] {
  const { auth } = dependencies

  async function refresh(context: RouteContext): Promise<Response> {
    const { refresh_token: refreshToken } = await readJsonObject(context.request)
    if (typeof refreshToken !== 'string' || refreshToken === '') {
      throw new FocusError('invalid_request', 'refresh_token is missing.', {
        hint: 'Send {"refresh_token": "…"} as JSON.',
      })
    }
    return json(tokenJson(await auth.sessions.refresh(refreshToken, clientOf(context))), { headers: secrecy })
  }

  async function logout({ principal }: RouteContext): Promise<Response> {
    const { sessionId, userKey } = signedIn(principal)
    if (sessionId !== null) await auth.sessions.end(sessionId, 'logout', userKey)
    return noContent()
  }

  async function logoutAll({ principal }: RouteContext): Promise<Response> {
    await auth.sessions.endAll(signedIn(principal).userKey, 'logout_all')
    return noContent()
  }

  async function me({ principal }: RouteContext): Promise<Response> {
    const user = await auth.users.byKey(signedIn(principal).userKey)
    if (!user) throw new FocusError('unknown_user', 'The user of this token does not exist any more.')
    return json(userJson(user))
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
    { method: 'POST', path: '/auth/refresh', access: 'public', oauth: true, handle: refresh },
    { method: 'POST', path: '/auth/logout', access: 'bearer', handle: logout },
    { method: 'POST', path: '/auth/logout_all', access: 'bearer', handle: logoutAll },
    { method: 'GET', path: '/auth/me', access: 'bearer', handle: me },
    { method: 'GET', path: '/auth/sessions', access: 'bearer', handle: sessions },
    { method: 'DELETE', path: '/auth/sessions/:id', access: 'bearer', handle: endSession },
    { method: 'GET', path: '/auth/jwks.json', access: 'public', handle: jwks },
  ]
}

function signedIn(principal: Principal | null): Principal {
  if (principal) return principal
  throw new FocusError('unauthenticated', 'This route needs an access token.')
}
