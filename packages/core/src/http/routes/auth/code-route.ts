import { FocusError } from '../../../common/errors.ts'
import { readJsonObject } from '../../request/body.ts'
import { refuseCrossSite } from '../../request/cross-site.ts'
import type { Route, RouteContext } from '../../route.ts'
import type { AuthRouteParts } from './auth-route-parts.ts'

/** Exchanges the single-use code of a sign-in that ended on a page for tokens (S34). */
export function codeRoute({ auth, config, cookies, delivery, clientOf }: AuthRouteParts): Route {
  async function handle(context: RouteContext): Promise<Response> {
    const { focus_code: code, code_verifier: codeVerifier } = await readJsonObject(context.request)
    if (typeof code !== 'string' || code === '') {
      throw new FocusError('invalid_request', 'focus_code is missing.', { hint: 'Send {"focus_code": "…"} as JSON.' })
    }
    const bindings = cookies.signIn.bindings(context.request)
    if (bindings.length > 0) refuseCrossSite(context.request, config.origins)
    const proof = { codeVerifier: typeof codeVerifier === 'string' ? codeVerifier : null, bindings }
    const { tokens, sameBrowser } = await auth.signIn.redeemCode(code, proof, clientOf(context))
    return delivery.respond(tokens, sameBrowser)
  }

  return { method: 'POST', path: '/auth/token', access: 'public', limit: 'redeem', oauth: true, handle }
}
