import { OpenIdClient } from './openid.ts'
import type { Provider } from './provider.ts'
import { assertProviderSettings } from './settings.ts'

export interface OidcOptions {
  /** The issuer's address, exactly as its discovery document says it, such as `https://login.example.com`. */
  readonly issuer: string
  readonly clientId: string
  /** Absent for a public client. */
  readonly clientSecret?: string | undefined
  /** Names the routes `/auth/{name}`; `oidc` when absent. */
  readonly name?: string
  /** Exactly as registered; made from the public URL when absent. */
  readonly redirectUri?: string | undefined
  /** `openid email profile` when absent. */
  readonly scopes?: readonly string[]
  /**
   * Whether an e-mail that this provider calls verified may link a sign-in to an existing user (S13). Only for a provider
   * that lets nobody claim an address that is not theirs. False when absent.
   */
  readonly trustEmail?: boolean
  /** Further client IDs whose ID tokens an app may sign in with (S35), such as those of your mobile apps. */
  readonly idTokenAudiences?: readonly string[]
  /** How long one call to the provider may take; 5,000 when absent. */
  readonly timeoutMs?: number
}

/**
 * Any OpenID Connect provider with discovery.
 *
 * @example
 * ```ts
 * createFocus({ providers: [oidc({ issuer: 'https://login.example.com', clientId, clientSecret })] })
 * ```
 * @throws FocusError `invalid_option`
 */
export function oidc(options: OidcOptions): Provider {
  const { name = 'oidc', issuer, clientId, redirectUri } = options
  assertProviderSettings({ name, clientId, issuer, redirectUri })
  return {
    name,
    redirectUri,
    connect: (runtime) =>
      new OpenIdClient(
        {
          name,
          issuer,
          clientId,
          clientSecret: options.clientSecret,
          scopes: options.scopes ?? ['openid', 'email', 'profile'],
          trustsEmail: () => options.trustEmail === true,
          idTokenAudiences: options.idTokenAudiences ?? [],
          timeoutMs: options.timeoutMs,
        },
        runtime,
      ),
  }
}
