import { FocusError } from '../../common/errors.ts'
import { equalInConstantTime, sha256Base64Url } from '../../common/hashing.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { ProviderClient } from '../providers/provider.ts'
import type { Flow } from './flow.ts'

/** The provider's redirect back to this server. */
export interface SignInCallback {
  readonly provider: string
  readonly state: string
  readonly code: string | null
  readonly iss: string | null
  /** `error` of the provider, such as `access_denied`. */
  readonly error: string | null
  /** Values of the cookies that bind `state` to this browser, as a sign-in and as a link; null when the browser sent none. */
  readonly bindings: { readonly signIn: string | null; readonly link: string | null }
  /** Whether the browser shows the response as a page. */
  readonly navigates: boolean
}

/**
 * Checks that a flow ends in the browser that started it. A link must end there, or with an access token of its user: otherwise
 * a mere URL could link an account to the user of another browser.
 *
 * @param userKey user of the request's access token; null without one
 * @throws FocusError `flow_not_bound`
 */
export function assertBound(flow: Flow, { bindings }: SignInCallback, userKey: UserKey | null): void {
  const { bindingHash, link } = flow
  if (link !== null && userKey !== null) {
    if (userKey === link.userKey) return
    throw new FocusError('flow_not_bound', 'Another user started to link this account.', {
      hint: 'Sign in as the user who wants the account, and link it again.',
    })
  }
  const binding = link === null ? bindings.signIn : bindings.link
  const bound = bindingHash === null || (binding !== null && equalInConstantTime(sha256Base64Url(binding), bindingHash))
  if (bound && (link === null || bindingHash !== null)) return
  throw new FocusError('flow_not_bound', 'This sign-in was started in another browser.', {
    hint: 'Start the sign-in in this browser, with cookies enabled.',
  })
}

/**
 * Checks `iss` of a callback (RFC 9207).
 *
 * @param required whether a callback without `iss` is refused (S07)
 * @throws FocusError `iss_missing`, `iss_mismatch`
 */
export function assertIssuer({ issuer }: ProviderClient, { iss }: SignInCallback, required: boolean): void {
  if (issuer === null) return
  if (iss === null) {
    if (!required) return
    throw new FocusError('iss_missing', 'The callback carries no iss.', {
      hint: 'Forward the whole query of the callback, not only code and state.',
    })
  }
  if (iss !== issuer) {
    throw new FocusError('iss_mismatch', 'The callback comes from another issuer than the sign-in was started with.', {
      hint: 'Start the sign-in again.',
    })
  }
}

/**
 * Returns the page that handles the callback of a flow itself; null when this server does. The guide's browser code starts on
 * a page of another origin and handles the callback there, at `/auth/{provider}/callback`.
 */
export function forwardingPage({ origin, redirectUri, returnTo, provider }: Flow): string | null {
  if (origin === null || returnTo !== null || origin === new URL(redirectUri).origin) return null
  return `${origin}/auth/${provider}/callback`
}

export function unknownState(): FocusError {
  return new FocusError('invalid_state', 'This sign-in is unknown, was already used, or took too long.', {
    hint: 'Start the sign-in again.',
  })
}

export function finishedState(): FocusError {
  return new FocusError('invalid_state', 'This sign-in has already ended.', { hint: 'Start the sign-in again.' })
}
