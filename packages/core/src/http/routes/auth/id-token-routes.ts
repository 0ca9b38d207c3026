import { nonceTtlSeconds } from '../../../auth/sign-in/id-tokens.ts'
import { FocusError } from '../../../common/errors.ts'
import { readJsonObject } from '../../request/body.ts'
import { json } from '../../responses.ts'
import type { Route, RouteContext } from '../../route.ts'
import type { AuthRouteParts } from './auth-route-parts.ts'
import { secretHeaders } from './token-delivery.ts'

/** Sign-in of apps with an ID token from the provider's SDK (S35). */
export function idTokenRoutes({ auth, delivery, clientOf }: AuthRouteParts): Route[] {
  function newNonce({ params }: RouteContext): Response {
    const nonce = auth.signIn.newNonce(params['provider'] ?? '')
    return json({ nonce, expires_in: nonceTtlSeconds }, { headers: secretHeaders })
  }

  async function signIn(context: RouteContext): Promise<Response> {
    const { id_token: token } = await readJsonObject(context.request)
    if (typeof token !== 'string' || token === '') {
      throw new FocusError('invalid_request', 'id_token is missing.', { hint: 'Send {"id_token": "…"} as JSON.' })
    }
    const tokens = await auth.signIn.withIdToken(context.params['provider'] ?? '', token, clientOf(context))
    return delivery.respond(tokens, false)
  }

  return [
    { method: 'POST', path: '/auth/:provider/nonce', access: 'public', limit: 'start', handle: newNonce },
    {
      method: 'POST',
      path: '/auth/:provider/id_token',
      access: 'public',
      limit: 'redeem',
      oauth: true,
      handle: signIn,
    },
  ]
}
