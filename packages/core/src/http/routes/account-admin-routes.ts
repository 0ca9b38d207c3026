import type { AuthService } from '../../auth/auth.ts'
import type { KeyInfo } from '../../auth/keys/token-keys.ts'
import type { User } from '../../auth/accounts/user-directory-port.ts'
import { FocusError } from '../../common/errors.ts'
import type { JsonObject } from '../../common/json.ts'
import { toUserKey } from '../../common/user-id.ts'
import { accountJson, isoTime, sessionJson, tokenJson, userJson } from './auth-json.ts'
import { secrecy } from './auth-shared.ts'
import { readJsonObject } from '../request/body.ts'
import { queryValue } from '../request/query.ts'
import { json, noContent } from '../responses.ts'
import type { Route, RouteContext } from '../route.ts'

const defaultPageSize = 50
const maxPageSize = 500

/** What `focus users`, `focus sessions`, `focus keys` and `focus token` need. Wherever a user is named, an id, a username or an e-mail address does. */
export function accountAdminRoutes({ auth }: { readonly auth: AuthService }): Route[] {
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

  async function listSessions({ url }: RouteContext): Promise<Response> {
    const reference = queryValue(url, 'user', 320)
    if (reference === null) throw new FocusError('invalid_request', 'The parameter user is missing.')
    const user = await auth.users.require(reference)
    const sessions = await auth.sessions.list(toUserKey(user.id))
    return json({ user: adminUserJson(user), sessions: sessions.map((session) => sessionJson(session, null)) })
  }

  async function endSession({ params }: RouteContext): Promise<Response> {
    const ended = await auth.sessions.end(params['id'] ?? '', 'revoked')
    if (!ended) throw new FocusError('not_found', 'There is no such session, or it has ended.')
    return noContent()
  }

  async function endSessions({ url }: RouteContext): Promise<Response> {
    const reference = queryValue(url, 'user', 320)
    if (reference === null) throw new FocusError('invalid_request', 'The parameter user is missing.')
    const user = await auth.users.require(reference)
    return json({ revoked: await auth.sessions.endAll(toUserKey(user.id), 'revoked') })
  }

  async function listKeys(): Promise<Response> {
    return json({ keys: (await auth.keys.list()).map(keyJson) })
  }

  async function rotateKeys({ request }: RouteContext): Promise<Response> {
    const { immediately = false } = await readJsonObject(request)
    if (typeof immediately !== 'boolean') {
      throw new FocusError('invalid_request', 'immediately must be true or false.', {
        hint: 'Leave it out for a rotation that no token notices.',
      })
    }
    return json(keyJson(await auth.keys.rotate({ immediately })), { status: 201 })
  }

  async function token({ request }: RouteContext): Promise<Response> {
    const { user: reference, ttl_seconds: ttlSeconds } = await readJsonObject(request)
    if (typeof reference !== 'string' && typeof reference !== 'number') {
      throw new FocusError('invalid_request', 'user is missing.', {
        hint: 'Send {"user": "<id, username or e-mail>"} as JSON.',
      })
    }
    if (
      ttlSeconds !== undefined &&
      !(Number.isInteger(ttlSeconds) && Number(ttlSeconds) >= 1 && Number(ttlSeconds) <= 86_400)
    ) {
      throw new FocusError('invalid_request', 'ttl_seconds must be a whole number from 1 to 86400.')
    }
    const user = await auth.users.require(String(reference))
    const pair = await auth.sessions.startShort(user, ttlSeconds === undefined ? undefined : Number(ttlSeconds))
    return json(tokenJson(pair), { status: 201, headers: secrecy })
  }

  return [
    { method: 'GET', path: '/admin/users', access: 'admin', handle: listUsers },
    { method: 'GET', path: '/admin/users/:user', access: 'admin', handle: showUser },
    { method: 'POST', path: '/admin/users/:user/disable', access: 'admin', handle: setDisabled(true) },
    { method: 'POST', path: '/admin/users/:user/enable', access: 'admin', handle: setDisabled(false) },
    { method: 'GET', path: '/admin/sessions', access: 'admin', handle: listSessions },
    { method: 'DELETE', path: '/admin/sessions', access: 'admin', handle: endSessions },
    { method: 'DELETE', path: '/admin/sessions/:id', access: 'admin', handle: endSession },
    { method: 'GET', path: '/admin/keys', access: 'admin', handle: listKeys },
    { method: 'POST', path: '/admin/keys/rotate', access: 'admin', handle: rotateKeys },
    { method: 'POST', path: '/admin/token', access: 'admin', handle: token },
  ]
}

function pageSize(url: URL): number {
  const text = queryValue(url, 'limit', 16)
  if (text === null) return defaultPageSize
  const limit = /^\d+$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= maxPageSize) return limit
  throw new FocusError('invalid_request', `limit must be a whole number from 1 to ${maxPageSize}.`)
}

function adminUserJson(user: User): JsonObject {
  return { ...userJson(user), email_verified: user.emailVerified, locale: user.locale, disabled: user.disabled }
}

function keyJson(key: KeyInfo): JsonObject {
  return {
    kid: key.kid,
    alg: key.alg,
    state: key.state,
    created_at: timeOrNull(key.createdAt),
    activates_at: timeOrNull(key.activatesAt),
    retires_at: timeOrNull(key.retiresAt),
  }
}

function timeOrNull(milliseconds: number | null): string | null {
  return milliseconds === null ? null : isoTime(milliseconds)
}
