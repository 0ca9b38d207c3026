import { FocusError } from '../../../common/errors.ts'
import { requirePrincipal } from '../../request/require-principal.ts'
import { json, noContent } from '../../responses.ts'
import type { Route, RouteContext } from '../../route.ts'
import { sessionJson, userJson } from './auth-json.ts'
import type { AuthRouteParts } from './auth-route-parts.ts'

/** The signed-in user and their sessions. */
export function sessionRoutes({ auth }: AuthRouteParts): Route[] {
  async function showUser({ principal }: RouteContext): Promise<Response> {
    return json(userJson(await auth.userOf(requirePrincipal(principal))))
  }

  async function listSessions({ principal }: RouteContext): Promise<Response> {
    const { userKey, sessionId } = requirePrincipal(principal)
    const list = await auth.sessions.list(userKey)
    return json({ sessions: list.map((session) => sessionJson(session, sessionId)) })
  }

  async function endSession({ principal, params }: RouteContext): Promise<Response> {
    const ended = await auth.sessions.end(params['id'] ?? '', 'revoked', requirePrincipal(principal).userKey)
    if (!ended) throw new FocusError('not_found', 'You have no such session.')
    return noContent()
  }

  return [
    { method: 'GET', path: '/auth/me', access: 'bearer', handle: showUser },
    { method: 'GET', path: '/auth/sessions', access: 'bearer', handle: listSessions },
    { method: 'DELETE', path: '/auth/sessions/:id', access: 'bearer', handle: endSession },
  ]
}
