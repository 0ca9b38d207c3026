import type { AuthService } from '../../../auth/auth.ts'
import { FocusError } from '../../../common/errors.ts'
import { readJsonObject } from '../../request/body.ts'
import { json } from '../../responses.ts'
import type { Route, RouteContext } from '../../route.ts'
import { tokenJson } from '../auth/auth-json.ts'
import { secretHeaders } from '../auth/token-delivery.ts'

const maxTtlSeconds = 86_400

/** Issues an access token of a user for an operator's tests (`focus token`). */
export function tokenAdminRoute(auth: AuthService): Route {
  async function handle({ request }: RouteContext): Promise<Response> {
    const { user: reference, ttl_seconds: ttlSeconds } = await readJsonObject(request)
    if (typeof reference !== 'string' && typeof reference !== 'number') {
      throw new FocusError('invalid_request', 'user is missing.', {
        hint: 'Send {"user": "<id, username or e-mail>"} as JSON.',
      })
    }
    if (ttlSeconds !== undefined && !isTtl(ttlSeconds)) {
      throw new FocusError('invalid_request', `ttl_seconds must be a whole number from 1 to ${maxTtlSeconds}.`)
    }
    const user = await auth.users.require(String(reference))
    return json(tokenJson(await auth.sessions.startShort(user, ttlSeconds)), { status: 201, headers: secretHeaders })
  }

  return { method: 'POST', path: '/admin/token', access: 'admin', handle }
}

function isTtl(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= maxTtlSeconds
}
