import type { User } from '../../../auth/accounts/user-directory-port.ts'
import type { AuthService } from '../../../auth/auth.ts'
import { FocusError } from '../../../common/errors.ts'
import type { JsonObject } from '../../../common/json.ts'
import { toUserKey } from '../../../common/user-id.ts'
import { queryValue } from '../../request/query.ts'
import { json } from '../../responses.ts'
import type { Route, RouteContext } from '../../route.ts'
import { accountJson, sessionJson, userJson } from '../auth/auth-json.ts'

const defaultPageSize = 50
const maxPageSize = 500

/** Users, for operators. */
export function userAdminRoutes(auth: AuthService): Route[] {
  async function listUsers({ url }: RouteContext): Promise<Response> {
    const limit = pageSize(url)
    const after = queryValue(url, 'after', 191)
    const search = queryValue(url, 'search', 320)
    const users = await auth.users.list({
      limit: limit + 1,
      ...(after === null ? {} : { after: auth.accounts.userId(after) }),
      ...(search === null ? {} : { search }),
    })
    const page = users.slice(0, limit)
    const last = users.length > limit ? page.at(-1) : undefined
    return json({ users: page.map(adminUserJson), next_after: last ? toUserKey(last.id) : null })
  }

  async function showUser({ params }: RouteContext): Promise<Response> {
    const user = await auth.users.require(params['user'] ?? '')
    const key = toUserKey(user.id)
    const [accounts, sessions] = await Promise.all([auth.accounts.list(key), auth.sessions.list(key)])
    return json({
      ...adminUserJson(user),
      accounts: accounts.map(accountJson),
      sessions: sessions.map((session) => sessionJson(session, null)),
    })
  }

  const setDisabled = (disabled: boolean) =>
    async function setUserDisabled({ params }: RouteContext): Promise<Response> {
      const user = await auth.users.require(params['user'] ?? '')
      await auth.users.setDisabled(user.id, disabled)
      return json(adminUserJson({ ...user, disabled }))
    }

  return [
    { method: 'GET', path: '/admin/users', access: 'admin', handle: listUsers },
    { method: 'GET', path: '/admin/users/:user', access: 'admin', handle: showUser },
    { method: 'POST', path: '/admin/users/:user/disable', access: 'admin', handle: setDisabled(true) },
    { method: 'POST', path: '/admin/users/:user/enable', access: 'admin', handle: setDisabled(false) },
  ]
}

export function adminUserJson(user: User): JsonObject {
  return { ...userJson(user), email_verified: user.emailVerified, locale: user.locale, disabled: user.disabled }
}

function pageSize(url: URL): number {
  const text = queryValue(url, 'limit', 16)
  if (text === null) return defaultPageSize
  const limit = /^\d+$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= maxPageSize) return limit
  throw new FocusError('invalid_request', `limit must be a whole number from 1 to ${maxPageSize}.`)
}
