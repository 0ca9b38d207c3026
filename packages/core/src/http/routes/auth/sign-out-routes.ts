import { readJsonObject } from '../../request/body.ts'
import { accessTokenMissing } from '../../request/require-principal.ts'
import { sessionCredentials } from '../../request/session-credentials.ts'
import { noContent } from '../../responses.ts'
import type { Route, RouteContext } from '../../route.ts'
import type { AuthRouteParts } from './auth-route-parts.ts'

/**
 * Sign-out, on this device and on all. The routes are public and need no valid access token, because an expired one must not
 * keep a user signed in (S39).
 */
export function signOutRoutes({ auth, config, delivery }: AuthRouteParts): Route[] {
  async function credentialsOf(request: Request) {
    const sources = { cookie: delivery.cookie, origins: config.origins }
    return sessionCredentials(request, sources, await refreshTokenOfBody(request))
  }

  /** Ends every session that the request proves, and succeeds also for tokens whose session has already ended. */
  async function logout({ request }: RouteContext): Promise<Response> {
    const credentials = await credentialsOf(request)
    const { sessions, refusal } = await auth.provenSessions.of(credentials)
    if (sessions.length === 0 && credentials.refreshTokens.length === 0) throw refusal ?? accessTokenMissing()
    for (const { sessionId, userKey } of sessions) {
      if (sessionId !== null) await auth.sessions.end(sessionId, 'logout', userKey)
    }
    return signedOut(request)
  }

  async function logoutAll({ request }: RouteContext): Promise<Response> {
    const { sessions, refusal } = await auth.provenSessions.of(await credentialsOf(request))
    const own = sessions.find(({ spent }) => !spent)
    if (!own) throw refusal ?? accessTokenMissing()
    await auth.sessions.endAll(own.userKey, 'logout_all')
    return signedOut(request)
  }

  function signedOut(request: Request): Response {
    const hasCookie = delivery.cookie.read(request) !== null
    return noContent(hasCookie ? { 'set-cookie': delivery.cookie.remove() } : {})
  }

  return [
    { method: 'POST', path: '/auth/logout', access: 'public', limit: 'refresh', handle: logout },
    { method: 'POST', path: '/auth/logout_all', access: 'public', limit: 'refresh', handle: logoutAll },
  ]
}

/** Reads `refresh_token` of a JSON body; any other body is ignored. */
async function refreshTokenOfBody(request: Request): Promise<string | null> {
  if (request.headers.get('content-type')?.includes('json') !== true) return null
  const { refresh_token: token } = await readJsonObject(request)
  return typeof token === 'string' && token !== '' ? token : null
}
