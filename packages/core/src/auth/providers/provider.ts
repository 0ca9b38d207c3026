import type { Runtime } from '../../common/runtime.ts'
import type { ExternalProfile } from '../accounts/user-directory-port.ts'

/**
 * A way to sign in, as an application configures it: `google()`, `github()`, `oidc()`, or one of your own. It holds
 * settings only; `connect` makes what speaks to the provider.
 */
export interface Provider {
  /** Names the routes: `/auth/{name}`. Lower-case letters, digits and dashes. */
  readonly name: string
  /** Exactly as registered with the provider; `{publicUrl}{basePath}/auth/{name}/callback` when absent (S09). */
  readonly redirectUri?: string | undefined
  connect(runtime: Runtime): ProviderClient
}

/** Speaks to one provider. All methods reject with a `FocusError` that holds no secret. */
export interface ProviderClient {
  /** What the provider's `iss` must be; null for a plain OAuth 2 provider that names none. */
  readonly issuer: string | null
  /** @throws FocusError `provider_unreachable`, `provider_error` */
  authorizationUrl(request: AuthorizationRequest): Promise<URL>
  /**
   * Turns the callback's code into a verified profile.
   *
   * @throws FocusError `invalid_grant`, `id_token_invalid`, `provider_unreachable`, `provider_error`
   */
  exchange(grant: CodeGrant): Promise<ExternalProfile>
  /**
   * Checks an ID token that an app got by itself (S35); absent where the provider has none. Whether its nonce is one of ours
   * is the caller's to check.
   *
   * @throws FocusError `id_token_invalid`, `provider_unreachable`
   */
  verifyIdToken?(idToken: string): Promise<VerifiedIdToken>
}

export interface VerifiedIdToken {
  readonly profile: ExternalProfile
  readonly nonce: string
}

export interface AuthorizationRequest {
  readonly redirectUri: string
  readonly state: string
  readonly nonce: string
  /** S256 of the flow's verifier (RFC 7636). */
  readonly codeChallenge: string
  readonly loginHint?: string | undefined
  readonly prompt?: string | undefined
}

export interface CodeGrant {
  readonly code: string
  readonly redirectUri: string
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
}
