import type { JWK, JWTPayload } from 'jose'
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type ClientAuth,
  ClientError,
  type Configuration,
  customFetch,
  discovery,
  fetchUserInfo,
} from 'openid-client'
import { FocusError } from '../../common/errors.ts'
import { isLoopbackUrl } from '../../net/urls.ts'
import type { Runtime } from '../../common/runtime.ts'
import { RemoteValue } from '../../net/outgoing/remote-value.ts'
import { RemoteKeySet } from '../keys/remote-key-set.ts'
import { asymmetricAlgorithms, clockToleranceSeconds } from '../tokens/claims.ts'
import type { ExternalProfile } from '../accounts/user-directory-port.ts'
import { authMethodOf, clientAuthentication, type TokenEndpointAuthMethod } from './client-authentication.ts'
import { clientRefusal, toProviderError } from './provider-errors.ts'
import type { SafeFetch } from '../../net/outgoing/safe-fetch.ts'
import { assertProviderUrl, providerFetch, providerTimeoutMs } from './provider-fetch.ts'
import { textOrNull } from './profile-fields.ts'
import type { AuthorizationRequest, CodeGrant, ProviderClient, VerifiedIdToken } from './provider.ts'
import { usedTokenAnswer } from './token-answer.ts'
import { isStorable } from '../../common/text/storable.ts'

export interface OpenIdSettings {
  readonly name: string
  /** The issuer's address, exactly as in its discovery document and its ID tokens. */
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string | undefined
  /** Private JWK for `private_key_jwt`. */
  readonly clientKey?: JWK | undefined
  /** Forces how the client authenticates; chosen from the provider's metadata when absent. */
  readonly tokenEndpointAuthMethod?: TokenEndpointAuthMethod | undefined
  /** As registered; derived from the public URL when absent. */
  readonly redirectUri?: string | undefined
  readonly scopes: readonly string[]
  /** Whether the provider is trusted to verify this e-mail address, so that it may link accounts (S13). */
  readonly trustsEmail: (claims: IdClaims) => boolean
  /** Audiences accepted in an app's ID token, in addition to our own client ID (S35). */
  readonly idTokenAudiences: readonly string[]
  readonly timeoutMs: number | undefined
  /** Other forms of the issuer that its ID tokens may contain. */
  readonly issuerAliases?: readonly string[]
}

/** Claims of an ID token or of the user-info response, with unchecked types. */
export type IdClaims = Readonly<Record<string, unknown>>

/** An ID token of the code flow was just issued; an older one was stored by a third party (S15). */
const maxIdTokenAgeSeconds = 600

/** How long a discovery document counts as fresh. */
const metadataFreshMs = 3_600_000

interface Connection {
  readonly configuration: Configuration
  readonly authMethod: TokenEndpointAuthMethod
}

/** OpenID Connect's code flow with one issuer, over openid-client. Discovery happens at first use. */
export class OpenIdClient implements ProviderClient {
  readonly issuer: string
  readonly #settings: OpenIdSettings
  readonly #runtime: Runtime
  readonly #fetch: SafeFetch
  readonly #metadata: RemoteValue<Connection>
  /** Kept when the metadata is loaded again, as long as the address of the keys stays the same. */
  #keys: { readonly url: string; readonly set: RemoteKeySet } | null = null

  constructor(settings: OpenIdSettings, runtime: Runtime) {
    this.issuer = settings.issuer
    this.#settings = settings
    this.#runtime = runtime
    this.#fetch = providerFetch(runtime.fetch, settings.timeoutMs)
    this.#metadata = new RemoteValue({
      what: `The metadata of ${settings.name}`,
      load: () => this.#guard(() => this.#discover()),
      clock: runtime.clock,
      logger: runtime.logger,
      freshMs: metadataFreshMs,
    })
  }

  async authorizationUrl(request: AuthorizationRequest): Promise<URL> {
    return await this.#guard(async () => {
      const { configuration } = await this.#metadata.get()
      const url = buildAuthorizationUrl(configuration, {
        redirect_uri: request.redirectUri,
        scope: this.#settings.scopes.join(' '),
        state: request.state,
        nonce: request.nonce,
        code_challenge: request.codeChallenge,
        code_challenge_method: 'S256',
        ...(request.loginHint === undefined ? {} : { login_hint: request.loginHint }),
        ...(request.prompt === undefined ? {} : { prompt: request.prompt }),
      })
      assertProviderUrl(url.href)
      return url
    })
  }

  async exchange(grant: CodeGrant): Promise<ExternalProfile> {
    return await this.#guard(async () => {
      const connection = await this.#metadata.get()
      const callback = new URL(grant.redirectUri)
      callback.searchParams.set('code', grant.code)
      callback.searchParams.set('state', grant.state)
      // The caller has checked `iss` of the callback, which may be absent (S07).
      callback.searchParams.set('iss', this.issuer)
      const checks = {
        expectedState: grant.state,
        expectedNonce: grant.nonce,
        pkceCodeVerifier: grant.codeVerifier,
        idTokenExpected: true,
      }
      const tokens = await authorizationCodeGrant(connection.configuration, callback, checks).catch(
        (error: unknown) => {
          throw clientRefusal(error, this.#settings.name, connection.authMethod) ?? error
        },
      )
      const claims = await this.#verify(connection, tokens.id_token ?? '', {
        audiences: [this.#settings.clientId],
        fromProvider: true,
      })
      if (claims['nonce'] !== grant.nonce) throw this.#refuse('nonce')
      return this.#profile(await this.#withUserInfo(connection, claims, tokens.access_token))
    })
  }

  async verifyIdToken(idToken: string): Promise<VerifiedIdToken> {
    return await this.#guard(async () => {
      const audiences = [this.#settings.clientId, ...this.#settings.idTokenAudiences]
      // Any client can send such a token, so an unknown key is requested at most every 30 seconds.
      const claims = await this.#verify(await this.#metadata.get(), idToken, { audiences, fromProvider: false })
      const nonce = claims['nonce']
      if (typeof nonce !== 'string' || nonce === '') throw this.#refuse('nonce')
      return { profile: this.#profile(claims), nonce }
    })
  }

  async #discover(): Promise<Connection> {
    const { name, clientId, timeoutMs = providerTimeoutMs } = this.#settings
    const loopback = isLoopbackUrl(this.issuer) && this.issuer.startsWith('http:')
    let authenticate: ClientAuth | null = null
    // The method depends on the metadata, which is loaded before any token is requested.
    const authenticateLater: ClientAuth = (...request) => authenticate?.(...request)
    const configuration = await discovery(new URL(this.issuer), clientId, undefined, authenticateLater, {
      execute: loopback ? [allowInsecureRequests] : [],
      timeout: timeoutMs / 1_000,
      [customFetch]: (url, init) => this.#call(url, init as RequestInit),
    })
    const metadata = configuration.serverMetadata()
    if (metadata.issuer !== this.issuer) {
      throw new FocusError('provider_error', `The discovery document of ${name} names another issuer.`, {
        hint: `Configure the issuer exactly as in the document, including a trailing slash.`,
      })
    }
    if (metadata.jwks_uri === undefined) {
      throw new FocusError('provider_error', `${name} publishes no keys (jwks_uri).`)
    }
    assertProviderUrl(metadata.jwks_uri)
    const authMethod = authMethodOf(this.#settings, metadata.token_endpoint_auth_methods_supported)
    authenticate = await clientAuthentication(authMethod, this.#settings)
    return { configuration, authMethod }
  }

  /** Calls an endpoint. Only the token endpoint receives POST requests. */
  async #call(url: string, init: RequestInit): Promise<Response> {
    const response = await this.#fetch(url, init)
    return init.method === 'POST' ? await usedTokenAnswer(response, this.#settings.name, { idToken: true }) : response
  }

  #keysAt(url: string): RemoteKeySet {
    if (this.#keys?.url !== url) {
      const { clock, logger } = this.#runtime
      this.#keys = {
        url,
        set: new RemoteKeySet({ url, owner: this.#settings.name, fetch: this.#fetch, clock, logger }),
      }
    }
    return this.#keys.set
  }

  /**
   * Verifies an ID token and its signature, even one that came directly from the token endpoint (S15). When its key is missing
   * from the key set, the provider may just have rotated its keys, and the set is read again.
   */
  async #verify(
    { configuration }: Connection,
    idToken: string,
    check: { readonly audiences: readonly string[]; readonly fromProvider: boolean },
  ): Promise<JWTPayload> {
    const options = {
      issuer: [this.issuer, ...(this.#settings.issuerAliases ?? [])],
      audience: [...check.audiences],
      algorithms: [...asymmetricAlgorithms],
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(this.#runtime.clock()),
      maxTokenAge: maxIdTokenAgeSeconds,
      requiredClaims: ['sub', 'exp', 'iat', 'aud', 'iss'],
    }
    const keys = this.#keysAt(configuration.serverMetadata().jwks_uri ?? '')
    const payload = await keys.verify(idToken, options, check.fromProvider)
    this.#checkClaims(payload, check.audiences)
    return payload
  }

  /** Checks the claims that jose does not check. */
  #checkClaims({ aud, azp, sub }: JWTPayload, audiences: readonly string[]): void {
    // OpenID Connect Core §3.1.3.7. With one audience, `azp` may be the app that asked for a token meant for us.
    const several = Array.isArray(aud) && aud.length > 1
    if (several && !(typeof azp === 'string' && audiences.includes(azp))) throw this.#refuse('azp')
    // Lone surrogates have no UTF-8 form, so two subjects would be stored as one (S12).
    if (typeof sub !== 'string' || sub === '' || sub.length > 255 || !isStorable(sub)) throw this.#refuse('sub')
  }

  #refuse(claim: string): FocusError {
    return new FocusError('id_token_invalid', `The ID token of ${this.#settings.name} has a wrong ${claim}.`, {
      hint: 'Start the sign-in again.',
    })
  }

  /**
   * Adds claims of the user-info endpoint when the ID token has no profile. The ID token alone identifies the user, so a failing
   * endpoint only costs its own claims; a response about another subject ends the sign-in.
   */
  async #withUserInfo(connection: Connection, idToken: IdClaims, accessToken: string): Promise<IdClaims> {
    const claims = presentClaims(idToken)
    const known = claims['email'] !== undefined && claims['name'] !== undefined
    if (known || connection.configuration.serverMetadata().userinfo_endpoint === undefined) return claims
    const info = await this.#userInfo(connection, accessToken, String(claims['sub']))
    // `email_verified` and `email` must come from the same source.
    const address = claims['email'] === undefined ? info : claims
    return { ...info, ...claims, email: address['email'], email_verified: address['email_verified'] }
  }

  async #userInfo({ configuration }: Connection, accessToken: string, subject: string): Promise<IdClaims> {
    try {
      return presentClaims(await fetchUserInfo(configuration, accessToken, subject))
    } catch (error) {
      if (error instanceof ClientError && error.code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED') throw error
      const reason = toProviderError(error, this.#settings.name)
      this.#runtime.logger.warn('The user-info endpoint failed; the sign-in continues with the ID token', {
        error: reason,
      })
      return {}
    }
  }

  #profile(claims: IdClaims): ExternalProfile {
    const email = textOrNull(claims['email'])
    return {
      provider: this.#settings.name,
      issuer: this.issuer,
      subject: String(claims['sub']),
      email,
      emailVerified: email !== null && claims['email_verified'] === true && this.#settings.trustsEmail(claims),
      fullName: textOrNull(claims['name']),
      givenName: textOrNull(claims['given_name']),
      familyName: textOrNull(claims['family_name']),
      avatarUrl: textOrNull(claims['picture']),
      preferredUsername: textOrNull(claims['preferred_username']),
      locale: textOrNull(claims['locale']),
    }
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw toProviderError(error, this.#settings.name)
    }
  }
}

/** Removes claims that are null or blank. */
function presentClaims(claims: IdClaims): IdClaims {
  return Object.fromEntries(
    Object.entries(claims).filter(([, value]) => value !== null && !(typeof value === 'string' && value.trim() === '')),
  )
}
