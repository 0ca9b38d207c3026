import { FocusError } from '../../common/errors.ts'
import { sha256Base64Url } from '../../common/hashing.ts'
import type { RandomSource } from '../../common/runtime.ts'
import type { UserKey } from '../../common/user-id.ts'
import { newSecret } from '../../secrets/new-secret.ts'
import type { AuthConfig } from '../auth-config.ts'
import type { Provider } from '../providers/provider.ts'
import type { Flow } from './flow.ts'
import type { Flows } from './flows.ts'

export interface StartOptions {
  /**
   * Binds the flow to the browser that starts it: `binding` of the result goes into a cookie (S03). A flow that ends on a page
   * is always bound.
   */
  readonly bind?: boolean
  /** Origin of the page whose `fetch` starts the flow; stored only if it is allow-listed. */
  readonly origin?: string | null
  readonly returnTo?: string | null
  /** S256 challenge of a verifier that the page keeps (S34). */
  readonly codeChallenge?: string | null
  /** Links the account to this user instead of signing in, while this session lasts. */
  readonly link?: { readonly userKey: UserKey; readonly sessionId: string | null } | null
  readonly loginHint?: string | undefined
  readonly prompt?: string | undefined
}

export interface StartedSignIn {
  readonly authorizationUrl: string
  readonly state: string
  /** Value of the flow's cookie; null when the flow is not bound. */
  readonly binding: string | null
}

export interface StartDependencies {
  readonly config: AuthConfig
  readonly random: RandomSource
  readonly flows: Flows
}

/** @throws FocusError `return_to_not_allowed`, `invalid_request`, `invalid_token`, `invalid_option` */
export function newFlow(
  provider: Provider,
  options: StartOptions,
  { config, random, flows }: StartDependencies,
): { readonly flow: Flow; readonly binding: string | null } {
  const { origin = null, codeChallenge = null } = options
  const returnTo = options.returnTo == null ? null : flows.checkReturnTo(options.returnTo)
  if (codeChallenge !== null && !/^[\w-]{43}$/.test(codeChallenge)) {
    throw new FocusError('invalid_request', 'code_challenge is not the S256 of a verifier.', {
      hint: 'Send base64url(SHA-256(code_verifier)), 43 characters without padding.',
    })
  }
  if (returnTo !== null && options.bind !== true && codeChallenge === null) {
    throw new FocusError('invalid_request', 'return_to needs a code_challenge when a sign-in is started by fetch.', {
      hint: 'Send code_challenge (S256), or navigate to this address instead of fetching it.',
    })
  }
  const flow = {
    provider: provider.name,
    codeVerifier: newSecret(random),
    nonce: newSecret(random),
    redirectUri: redirectUriOf(provider, config),
    origin: origin !== null && config.origins.allows(origin) ? origin : null,
    returnTo,
    codeChallenge,
    link: linkOf(options),
  }
  const binding = options.bind === true || returnTo !== null ? newSecret(random) : null
  return { flow: { ...flow, bindingHash: binding === null ? null : sha256Base64Url(binding) }, binding }
}

/** Comes from the configuration only; headers of the request do not influence it (S09). */
function redirectUriOf({ name, redirectUri }: Provider, { publicUrl, basePath }: AuthConfig): string {
  if (redirectUri !== undefined) return redirectUri
  if (publicUrl !== null) return `${publicUrl}${basePath}/auth/${name}/callback`
  throw new FocusError('invalid_option', `Provider ${name} has no redirect URI.`, {
    hint: 'Set FOCUS_PUBLIC_URL, or the redirect URI of the provider (GOOGLE_REDIRECT_URI).',
  })
}

function linkOf({ link }: StartOptions): Flow['link'] {
  if (link == null) return null
  const { userKey, sessionId } = link
  if (sessionId !== null) return { userKey, sessionId }
  throw new FocusError('invalid_token', 'The access token names no session; an account can be linked only during one.')
}
