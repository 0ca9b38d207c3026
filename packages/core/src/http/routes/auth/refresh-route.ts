import { FocusError } from '../../../common/errors.ts'
import { readJsonObject } from '../../request/body.ts'
import { refuseCrossSite } from '../../request/cross-site.ts'
import { problem, withCookies } from '../../responses.ts'
import type { Route, RouteContext } from '../../route.ts'
import type { AuthRouteParts } from './auth-route-parts.ts'

/** Exchanges a refresh token, from the body or the cookie, for new tokens. */
export function refreshRoute({ auth, config, delivery, clientOf }: AuthRouteParts): Route {
  async function handle(context: RouteContext): Promise<Response> {
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
      return delivery.respond(await auth.sessions.refresh(refreshToken, clientOf(context)), fromCookie !== null)
    } catch (error) {
      const isOver = error instanceof FocusError && error.code === 'invalid_grant'
      if (!isOver || fromCookie === null) throw error
      // The cookie can never succeed again.
      return withCookies(problem(error, { oauth: true }), [delivery.cookie.remove()])
    }
  }

  return { method: 'POST', path: '/auth/refresh', access: 'public', limit: 'refresh', oauth: true, handle }
}
