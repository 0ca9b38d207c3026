import { withOutcome } from '../../../auth/sign-in/return-to.ts'
import { FocusError } from '../../../common/errors.ts'
import { internalError, withCookies } from '../../responses.ts'
import { secretHeaders } from './token-delivery.ts'

export function redirect(location: string, cookies: readonly string[] = []): Response {
  const headers = { location, 'cache-control': 'no-store', ...secretHeaders }
  return withCookies(new Response(null, { status: 302, headers }), cookies)
}

/** Redirects to the page of a sign-in that failed, with the error in its address. */
export function redirectWithError(page: string, error: unknown): Response {
  const { code, message } = error instanceof FocusError ? error : internalError()
  return redirect(withOutcome(page, { error: code, error_description: message }))
}
