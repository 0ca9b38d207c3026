import { FocusError } from '../../../common/errors.ts'
import { readJsonObject } from '../../request/body.ts'
import { queryValue } from '../../request/query.ts'
import { requirePrincipal } from '../../request/require-principal.ts'
import { json, noContent, withCookies } from '../../responses.ts'
import type { Route, RouteContext } from '../../route.ts'
import { accountJson, userJson } from './auth-json.ts'
import type { AuthRouteParts } from './auth-route-parts.ts'
import { secretHeaders } from './token-delivery.ts'

/** Linked accounts: a signed-in user can sign in with further providers. */
export function linkRoutes({ auth, cookies }: AuthRouteParts): Route[] {
  /** Links immediately by the ID token of an app; otherwise returns the address where the user consents. */
  async function link({ request, params, principal }: RouteContext): Promise<Response> {
    const linking = requirePrincipal(principal)
    const provider = params['provider'] ?? ''
    const { id_token: idToken, return_to: returnTo } = await readJsonObject(request)
    if (typeof idToken === 'string') {
      const user = await auth.signIn.linkWithIdToken(linking, provider, idToken)
      return json({ linked: provider, user: userJson(user) })
    }
    if (returnTo !== undefined && typeof returnTo !== 'string') {
      throw new FocusError('invalid_request', 'return_to must be a string.')
    }
    const { authorizationUrl, state, binding } = await auth.signIn.start(provider, {
      bind: true,
      link: linking,
      origin: request.headers.get('origin'),
      returnTo: returnTo ?? null,
    })
    const response = json({ authorization_url: authorizationUrl, state }, { headers: secretHeaders })
    return withCookies(response, binding === null ? [] : cookies.link.start(request, state, binding))
  }

  /** Unlinks an account, and ends the sessions that it started (S37). */
  async function unlink({ params, principal, url }: RouteContext): Promise<Response> {
    const { userKey } = requirePrincipal(principal)
    const wanted = queryValue(url, 'account', 64)
    await auth.accounts.unlink(userKey, params['provider'] ?? '', wanted, (account) =>
      auth.sessions.endStartedWith(userKey, account),
    )
    return noContent()
  }

  async function listAccounts({ principal }: RouteContext): Promise<Response> {
    const list = await auth.accounts.list(requirePrincipal(principal).userKey)
    return json({ accounts: list.map(accountJson) })
  }

  return [
    { method: 'POST', path: '/auth/:provider/link', access: 'bearer', limit: 'start', handle: link },
    { method: 'DELETE', path: '/auth/:provider/link', access: 'bearer', handle: unlink },
    { method: 'GET', path: '/auth/accounts', access: 'bearer', handle: listAccounts },
  ]
}
