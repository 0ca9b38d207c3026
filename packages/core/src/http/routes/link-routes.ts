import { sessionRevoked } from '../../auth/tokens/token-errors.ts'
import { FocusError } from '../../common/errors.ts'
import { accountJson, userJson } from './auth-json.ts'
import { type AuthRouteDependencies, secrecy, usesHttps } from './auth-shared.ts'
import { readJsonObject } from '../request/body.ts'
import { FlowCookies } from '../request/flow-cookies.ts'
import { queryValue } from '../request/query.ts'
import { json, noContent, withCookies } from '../responses.ts'
import type { Route, RouteContext } from '../route.ts'
import { requirePrincipal } from '../request/require-principal.ts'

/** Further providers for a signed-in user: to sign in with any of them and be the same person. */
export function linkRoutes({ auth, config }: AuthRouteDependencies): Route[] {
  const cookies = new FlowCookies('link', { secure: usesHttps(config), maxAgeSeconds: config.flowTtlSeconds })

  /** By an app's ID token at once; otherwise the address where the person agrees. */
  async function link({ request, params, principal }: RouteContext): Promise<Response> {
    const { userKey, sessionId } = requirePrincipal(principal)
    const provider = params['provider'] ?? ''
    const { id_token: idToken, return_to: returnTo } = await readJsonObject(request)
    if (typeof idToken === 'string') {
      const profile = await auth.idTokens.verify(provider, idToken)
      // The session may have ended meanwhile (S37).
      if (sessionId === null || (await auth.sessions.endsAt(sessionId)) === null) throw sessionRevoked()
      const user = await auth.accounts.link(userKey, profile)
      return json({ linked: provider, user: userJson(user) })
    }
    if (returnTo !== undefined && typeof returnTo !== 'string') {
      throw new FocusError('invalid_request', 'return_to must be a text.')
    }
    const { authorizationUrl, state, binding } = await auth.signIn.start(provider, {
      bind: true,
      link: { userKey, sessionId },
      origin: request.headers.get('origin'),
      returnTo: returnTo ?? null,
    })
    const response = json({ authorization_url: authorizationUrl, state }, { headers: secrecy })
    return withCookies(response, binding === null ? [] : cookies.start(request, state, binding))
  }

  /** Access that the account gave ends with it (S37). */
  async function unlink({ params, principal, url }: RouteContext): Promise<Response> {
    const { userKey } = requirePrincipal(principal)
    const wanted = queryValue(url, 'account', 64)
    await auth.accounts.unlink(userKey, params['provider'] ?? '', wanted, (account) =>
      auth.sessions.endStartedWith(userKey, account),
    )
    return noContent()
  }

  async function accounts({ principal }: RouteContext): Promise<Response> {
    const list = await auth.accounts.list(requirePrincipal(principal).userKey)
    return json({ accounts: list.map(accountJson) })
  }

  return [
    { method: 'POST', path: '/auth/:provider/link', access: 'bearer', limit: 'start', handle: link },
    { method: 'DELETE', path: '/auth/:provider/link', access: 'bearer', handle: unlink },
    { method: 'GET', path: '/auth/accounts', access: 'bearer', handle: accounts },
  ]
}
