import type { User } from '../../../auth/accounts/user-directory-port.ts'
import type { AuthService } from '../../../auth/auth.ts'
import { FocusError } from '../../../common/errors.ts'
import { toUserKey } from '../../../common/user-id.ts'
import { queryValue } from '../../request/query.ts'
import { json, noContent } from '../../responses.ts'
import type { Route, RouteContext } from '../../route.ts'
import { sessionJson } from '../auth/auth-json.ts'
import { adminUserJson } from './user-admin-routes.ts'

/** Sessions, for operators. */
export function sessionAdminRoutes(auth: AuthService): Route[] {
  async function userOf(url: URL): Promise<User> {
    const reference = queryValue(url, 'user', 320)
    if (reference === null) throw new FocusError('invalid_request', 'The parameter user is missing.')
    return await auth.users.require(reference)
  }

  async function listSessions({ url }: RouteContext): Promise<Response> {
    const user = await userOf(url)
    const sessions = await auth.sessions.list(toUserKey(user.id))
    return json({ user: adminUserJson(user), sessions: sessions.map((session) => sessionJson(session, null)) })
  }

  async function endSessions({ url }: RouteContext): Promise<Response> {
    const user = await userOf(url)
    return json({ revoked: await auth.sessions.endAll(toUserKey(user.id), 'revoked') })
  }

  async function endSession({ params }: RouteContext): Promise<Response> {
    const ended = await auth.sessions.end(params['id'] ?? '', 'revoked')
    if (!ended) throw new FocusError('not_found', 'There is no such session, or it has ended.')
    return noContent()
  }

  return [
    { method: 'GET', path: '/admin/sessions', access: 'admin', handle: listSessions },
    { method: 'DELETE', path: '/admin/sessions', access: 'admin', handle: endSessions },
    { method: 'DELETE', path: '/admin/sessions/:id', access: 'admin', handle: endSession },
  ]
}
