import type { Runtime } from '../../common/runtime.ts'
import type { ExternalProfile } from '../accounts/user-directory-port.ts'

/**
 * A sign-in provider as an application configures it: `google()`, `github()`, `oidc()`, or your own. It holds settings only;
 * `connect` returns the client that talks to the provider.
 */
export interface Provider {
  /** Name in the routes `/auth/{name}`: lower-case letters, digits and dashes. */
  readonly name: string
  /** Exactly as registered with the provider; `{publicUrl}{basePath}/auth/{name}/callback` when absent (S09). */
  readonly redirectUri?: string | undefined
  connect(runtime: Runtime): ProviderClient
}

/** Talks to one provider. All methods reject with a `FocusError` that holds no secret. */
export interface ProviderClient {
  /** Required `iss` of callbacks; null for a plain OAuth 2 provider, which sends none. */
  readonly issuer: string | null
  /**
   * Returns the address where the user signs in.
   *
   * @throws FocusError `provider_unreachable`, `provider_error`
   */
  authorizationUrl(request: AuthorizationRequest): Promise<URL>
  /**
   * Exchanges the code of a callback for a verified profile.
   *
   * @throws FocusError `invalid_grant`, `id_token_invalid`, `provider_unreachable`, `provider_error`
   */
  exchange(grant: CodeGrant): Promise<ExternalProfile>
  /**
   * Verifies an ID token that an app received from the provider's SDK (S35); absent if the provider issues none. The caller
   * checks the nonce.
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
