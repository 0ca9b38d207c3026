import type { JWK } from 'jose'
import { FocusError } from '../../common/errors.ts'
import { checkedOptions } from '../../schema/option-checks.ts'
import type { TokenEndpointAuthMethod } from './client-authentication.ts'
import { OpenIdClient } from './openid.ts'
import type { Provider } from './provider.ts'
import { providerForms as forms, providerOptions } from './provider-settings.ts'

/** Settings of `oidc()`. */
export interface OidcOptions {
  /** The issuer's address, exactly as in its discovery document, such as `https://login.example.com`. */
  readonly issuer: string
  readonly clientId: string
  /** Absent for a public client. */
  readonly clientSecret?: string | undefined
  /** Private JWK for `private_key_jwt` (RFC 7523); the provider knows its public half. */
  readonly clientKey?: JWK | undefined
  /**
   * How the client authenticates at the token endpoint. When absent, the method is chosen from those that the provider announces
   * (`token_endpoint_auth_methods_supported`); without an announcement it is `client_secret_basic`.
   */
  readonly tokenEndpointAuthMethod?: TokenEndpointAuthMethod | undefined
  /** Name in the routes `/auth/{name}`; `oidc` when absent. */
  readonly name?: string
  /** Exactly as registered; made from the public URL when absent. */
  readonly redirectUri?: string | undefined
  /** `openid email profile` when absent. */
  readonly scopes?: readonly string[]
  /**
   * Whether an e-mail address that this provider reports as verified may link a sign-in to an existing user (S13). Only for a
   * provider that lets users claim only their own addresses. False when absent.
   */
  readonly trustEmail?: boolean
  /** Further client IDs whose ID tokens are accepted (S35), such as those of your mobile apps. */
  readonly idTokenAudiences?: readonly string[]
  /** Time limit of one call to the provider, in milliseconds; 5,000 when absent. */
  readonly timeoutMs?: number
}

const oidcOptions = providerOptions<OidcOptions>(
  {
    issuer: forms.issuer,
    clientId: forms.clientId,
    clientSecret: forms.clientSecret,
    clientKey: forms.clientKey,
    tokenEndpointAuthMethod: forms.authMethod,
    name: forms.name,
    redirectUri: forms.redirectUri,
    scopes: forms.texts,
    trustEmail: forms.yesOrNo,
    idTokenAudiences: forms.texts,
    timeoutMs: forms.timeoutMs,
  },
  ['issuer', 'clientId'],
)

/**
 * Sign-in with any OpenID Connect provider that supports discovery, at `/auth/{name}`.
 *
 * @example
 * ```ts
 * createFocus({ providers: [oidc({ issuer: 'https://login.example.com', clientId, clientSecret })] })
 * ```
 * @throws FocusError `invalid_option`
 */
export function oidc(given: OidcOptions): Provider {
  const options = checkedOptions(given, oidcOptions, 'oidc')
  const { name = 'oidc', issuer, clientId, redirectUri } = options
  assertCredentials(options)
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
          clientKey: options.clientKey,
          tokenEndpointAuthMethod: options.tokenEndpointAuthMethod,
          redirectUri,
          scopes: options.scopes ?? ['openid', 'email', 'profile'],
          trustsEmail: () => options.trustEmail === true,
          idTokenAudiences: options.idTokenAudiences ?? [],
          timeoutMs: options.timeoutMs,
        },
        runtime,
      ),
  }
}

/** Checks that a forced method has its credential. */
function assertCredentials({ tokenEndpointAuthMethod: method, clientSecret, clientKey }: OidcOptions): void {
  const missing =
    (method === 'private_key_jwt' && clientKey === undefined && 'clientKey') ||
    (method?.startsWith('client_secret') === true && clientSecret === undefined && 'clientSecret')
  if (!missing) return
  throw new FocusError('invalid_option', `oidc.tokenEndpointAuthMethod: ${method} needs oidc.${missing}.`, {
    hint: `Set ${missing}, or use another method.`,
  })
}
