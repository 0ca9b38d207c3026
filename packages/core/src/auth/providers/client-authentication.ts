import { importJWK, type JWK } from 'jose'
import { type ClientAuth, ClientSecretBasic, ClientSecretPost, None, PrivateKeyJwt } from 'openid-client'
import { FocusError } from '../../common/errors.ts'
import { normalUrl } from '../../net/urls.ts'
import { algorithmOf } from '../keys/key-algorithm.ts'

/** Client authentication at the token endpoint (OpenID Connect Core §9). */
export type TokenEndpointAuthMethod = 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none'

export interface ClientCredentials {
  /** The provider's name, for messages. */
  readonly name: string
  readonly clientSecret: string | undefined
  /** Private JWK whose public half the provider knows. */
  readonly clientKey?: JWK | undefined
  /** Forces a method; when absent, it is chosen from the methods that the provider announces. */
  readonly tokenEndpointAuthMethod?: TokenEndpointAuthMethod | undefined
  readonly redirectUri?: string | undefined
}

/**
 * Returns a method that fits both the client's credentials and the provider's `token_endpoint_auth_methods_supported`. A
 * provider that announces no methods accepts `client_secret_basic` (OpenID Connect Discovery §3).
 *
 * @throws FocusError `provider_error` when no method fits
 */
export function authMethodOf(
  { name, clientSecret, clientKey, tokenEndpointAuthMethod }: ClientCredentials,
  announced: readonly string[] | undefined,
): TokenEndpointAuthMethod {
  if (tokenEndpointAuthMethod !== undefined) return tokenEndpointAuthMethod
  const possible: TokenEndpointAuthMethod[] = [
    ...(clientKey === undefined ? [] : (['private_key_jwt'] as const)),
    ...(clientSecret === undefined ? [] : (['client_secret_post', 'client_secret_basic'] as const)),
  ]
  if (possible.length === 0) return 'none'
  if (announced === undefined) return clientSecret === undefined ? 'private_key_jwt' : 'client_secret_basic'
  const method = possible.find((candidate) => announced.includes(candidate))
  if (method !== undefined) return method
  throw new FocusError('provider_error', `${name} announces no client authentication that fits the configuration.`, {
    hint: `It announces ${announced.join(', ')}. Set clientSecret or clientKey accordingly, or force a method with tokenEndpointAuthMethod.`,
  })
}

/** Returns the function that openid-client calls to authenticate a request to the token endpoint. */
export async function clientAuthentication(
  method: TokenEndpointAuthMethod,
  credentials: ClientCredentials,
): Promise<ClientAuth> {
  return asRegistered(await authenticationBy(method, credentials), credentials.redirectUri)
}

async function authenticationBy(method: TokenEndpointAuthMethod, credentials: ClientCredentials): Promise<ClientAuth> {
  const { clientSecret, clientKey } = credentials
  switch (method) {
    case 'client_secret_basic':
      return ClientSecretBasic(clientSecret)
    case 'client_secret_post':
      return ClientSecretPost(clientSecret)
    case 'private_key_jwt': {
      const key = clientKey === undefined ? null : await importJWK(clientKey, algorithmOf(clientKey))
      if (key === null || key instanceof Uint8Array) throw unusableKey(credentials.name)
      return PrivateKeyJwt(clientKey?.kid === undefined ? key : { key, kid: clientKey.kid })
    }
    case 'none':
      return None()
  }
}

/**
 * Sends the redirect URI as the operator typed it. openid-client sends its normal form, but the provider compares it with the
 * registered URI and with that of the authorization request (RFC 6749 §4.1.3).
 */
export function asRegistered(authenticate: ClientAuth, redirectUri: string | undefined): ClientAuth {
  if (redirectUri === undefined) return authenticate
  const normal = normalUrl(redirectUri)
  return (server, client, body, headers) => {
    const sent = body.get('redirect_uri')
    if (sent !== null && normalUrl(sent) === normal) body.set('redirect_uri', redirectUri)
    return authenticate(server, client, body, headers)
  }
}

function unusableKey(name: string): FocusError {
  return new FocusError('invalid_option', `Provider ${name}: clientKey must be a private JWK.`, {
    hint: 'Pass the private key whose public half is registered with the provider.',
  })
}
