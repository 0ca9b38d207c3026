import { createRemoteJWKSet, customFetch as joseFetch, errors, type JWTPayload, jwtVerify } from 'jose'
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type Configuration,
  customFetch,
  discovery,
  fetchUserInfo,
} from 'openid-client'
import { FocusError } from '../../errors.ts'
import { isLoopbackUrl } from '../../origin-policy.ts'
import type { Runtime } from '../../runtime.ts'
import { asymmetricAlgorithms, clockToleranceSeconds } from '../tokens/claims.ts'
import type { ExternalProfile } from '../types.ts'
import { LazyMetadata } from './discovery.ts'
import { toProviderError } from './errors.ts'
import { assertOutboundUrl, outboundFetch, outboundTimeoutMs } from './outbound.ts'
import { textOrNull } from './profile-fields.ts'
import type { AuthorizationRequest, CodeGrant, ProviderClient, VerifiedIdToken } from './provider.ts'

export interface OpenIdSettings {
  readonly name: string
  /** The issuer's address, exactly as its discovery document and its ID tokens say it. */
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string | undefined
  readonly scopes: readonly string[]
  /** Whether the provider's word on this e-mail is enough to link accounts (S13). */
  readonly trustsEmail: (claims: IdClaims) => boolean
  /** Audiences accepted in an app's ID token beside our own client ID (S35). */
  readonly idTokenAudiences: readonly string[]
  readonly timeoutMs: number | undefined
  /** Other forms of the issuer that its ID tokens may name. */
  readonly issuerAliases?: readonly string[]
}

/** Claims of an ID token or of the user-info answer; nothing in it is checked for its type yet. */
export type IdClaims = Readonly<Record<string, unknown>>

/** An ID token of the code flow was made a moment ago; an older one was kept by somebody (S15). */
const maxIdTokenAgeSeconds = 600

interface Connection {
  readonly configuration: Configuration
  readonly keys: ReturnType<typeof createRemoteJWKSet>
}

/** Speaks OpenID Connect's code flow to one issuer, on openid-client; discovery happens at first use. */
export class OpenIdClient implements ProviderClient {
  readonly issuer: string
  readonly #settings: OpenIdSettings
  readonly #runtime: Runtime
  readonly #metadata: LazyMetadata<Connection>

  constructor(settings: OpenIdSettings, runtime: Runtime) {
    this.issuer = settings.issuer
    this.#settings = settings
    this.#runtime = runtime
    this.#metadata = new LazyMetadata(() => this.#discover(), runtime.clock, runtime.logger)
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
      assertOutboundUrl(url.href)
      return url
    })
  }

  async exchange(grant: CodeGrant): Promise<ExternalProfile> {
    return await this.#guard(async () => {
      const connection = await this.#metadata.get()
      const callback = new URL(grant.redirectUri)
      callback.searchParams.set('code', grant.code)
      callback.searchParams.set('state', grant.state)
      // Whether the callback named the right issuer, or may name none, was decided before (S07).
      callback.searchParams.set('iss', this.issuer)
      const tokens = await authorizationCodeGrant(
        connection.configuration,
        callback,
        {
          expectedState: grant.state,
          expectedNonce: grant.nonce,
          pkceCodeVerifier: grant.codeVerifier,
          idTokenExpected: true,
        },
        undefined,
      )
      const claims = await this.#verify(connection, tokens.id_token ?? '', {
        audiences: [this.#settings.clientId],
        reloadKeys: true,
      })
      if (claims['nonce'] !== grant.nonce) throw this.#refuse('nonce')
      return this.#profile(await this.#withUserInfo(connection, claims, tokens.access_token))
    })
  }

  async verifyIdToken(idToken: string): Promise<VerifiedIdToken> {
    return await this.#guard(async () => {
      const audiences = [this.#settings.clientId, ...this.#settings.idTokenAudiences]
      // Anybody may send such a token: an unknown key waits for jose's cool-down before the key set is read again.
      const claims = await this.#verify(await this.#metadata.get(), idToken, { audiences, reloadKeys: false })
      const nonce = claims['nonce']
      if (typeof nonce !== 'string' || nonce === '') throw this.#refuse('nonce')
      return { profile: this.#profile(claims), nonce }
    })
  }

  async #discover(): Promise<Connection> {
    const { clientId, clientSecret, timeoutMs = outboundTimeoutMs } = this.#settings
    const fetch = outboundFetch(this.#runtime.fetch, timeoutMs)
    const loopback = isLoopbackUrl(this.issuer) && this.issuer.startsWith('http:')
    const configuration = await discovery(new URL(this.issuer), clientId, clientSecret, undefined, {
      execute: loopback ? [allowInsecureRequests] : [],
      timeout: timeoutMs / 1_000,
      [customFetch]: (url, init) => fetch(url, init as RequestInit),
    })
    const { issuer, jwks_uri: jwksUri } = configuration.serverMetadata()
    if (issuer !== this.issuer) {
      throw new FocusError('provider_error', `The discovery document of ${this.#settings.name} names another issuer.`, {
        hint: `Configure the issuer exactly as the document says it, slash included.`,
      })
    }
    if (jwksUri === undefined) {
      throw new FocusError('provider_error', `${this.#settings.name} publishes no keys (jwks_uri).`)
    }
    assertOutboundUrl(jwksUri)
    const keys = createRemoteJWKSet(new URL(jwksUri), { timeoutDuration: timeoutMs, [joseFetch]: fetch })
    return { configuration, keys }
  }

  /**
   * Every ID token's signature is checked, also of one that came straight from the token endpoint (S15). When its key is not
   * in the set that is at hand, the provider may have rotated a moment ago: the set is read once more.
   */
  async #verify(
    { keys }: Connection,
    idToken: string,
    check: { readonly audiences: readonly string[]; readonly reloadKeys: boolean },
  ): Promise<JWTPayload> {
    const verify = () =>
      jwtVerify(idToken, keys, {
        issuer: [this.issuer, ...(this.#settings.issuerAliases ?? [])],
        audience: [...check.audiences],
        algorithms: [...asymmetricAlgorithms],
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(this.#runtime.clock()),
        maxTokenAge: maxIdTokenAgeSeconds,
        requiredClaims: ['sub', 'exp', 'iat', 'aud', 'iss'],
      })
    const { payload } = await verify().catch(async (error: unknown) => {
      if (!check.reloadKeys || !isAboutTheKey(error)) throw error
      await keys.reload()
      return await verify()
    })
    this.#checkClaims(payload, check.audiences)
    return payload
  }

  /** What jose leaves to its caller. */
  #checkClaims({ aud, azp, sub }: JWTPayload, audiences: readonly string[]): void {
    // OpenID Connect Core §3.1.3.7. With one audience, `azp` may be the app that asked for a token meant for us.
    const several = Array.isArray(aud) && aud.length > 1
    if (several && !(typeof azp === 'string' && audiences.includes(azp))) throw this.#refuse('azp')
    // Halves of characters have no UTF-8 form: two subjects would be kept as one (S12).
    if (!sub || sub.length > 255 || !sub.isWellFormed()) throw this.#refuse('sub')
  }

  #refuse(claim: string): FocusError {
    return new FocusError('id_token_invalid', `The ID token of ${this.#settings.name} has a wrong ${claim}.`, {
      hint: 'Begin the sign-in again.',
    })
  }

  /** Providers may keep the profile out of the ID token; the user-info endpoint has it then. */
  async #withUserInfo(connection: Connection, claims: IdClaims, accessToken: string): Promise<IdClaims> {
    const known = claims['email'] !== undefined && claims['name'] !== undefined
    if (known || connection.configuration.serverMetadata().userinfo_endpoint === undefined) return claims
    const info: IdClaims = await fetchUserInfo(connection.configuration, accessToken, String(claims['sub']))
    // Whether an address is verified is said by whoever says the address: the two are taken from one source.
    const address = claims['email'] === undefined ? info : claims
    return { ...info, ...claims, email: address['email'], email_verified: address['email_verified'] }
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

function isAboutTheKey(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed
}
