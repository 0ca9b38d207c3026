import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientError,
  Configuration,
  customFetch,
} from 'openid-client'
import { FocusError } from '../../errors.ts'
import { isLoopbackUrl } from '../../origin-policy.ts'
import type { Runtime } from '../../runtime.ts'
import type { ExternalProfile } from '../types.ts'
import { toProviderError } from './errors.ts'
import { type OutboundFetch, outboundFetch, outboundTimeoutMs } from './outbound.ts'
import { textOrNull } from './profile-fields.ts'
import type { AuthorizationRequest, CodeGrant, Provider, ProviderClient } from './provider.ts'
import { assertProviderSettings } from './settings.ts'

export interface GithubOptions {
  readonly clientId: string
  readonly clientSecret: string
  /** Exactly as registered; made from the public URL when absent. */
  readonly redirectUri?: string | undefined
  /** `https://github.com` when absent; the address of a GitHub Enterprise Server otherwise. */
  readonly url?: string
  /** `https://api.github.com` when absent, `{url}/api/v3` for a GitHub Enterprise Server. */
  readonly apiUrl?: string
  /** Whether an e-mail that GitHub calls verified may link a sign-in to an existing user (S13). False when absent. */
  readonly trustEmail?: boolean
  /** How long one call to GitHub may take; 5,000 when absent. */
  readonly timeoutMs?: number
}

/**
 * Sign-in with GitHub, at `/auth/github`: the example of a plain OAuth 2 provider, which has no ID token. The profile is read
 * from its API with the access token that the code was exchanged for.
 *
 * @example
 * ```ts
 * createFocus({ providers: [github({ clientId, clientSecret })] })
 * ```
 * @throws FocusError `invalid_option`
 */
export function github(options: GithubOptions): Provider {
  const { clientId, redirectUri, url = 'https://github.com' } = options
  assertProviderSettings({ name: 'github', clientId, issuer: url, redirectUri })
  return { name: 'github', redirectUri, connect: (runtime) => new GithubClient(options, runtime) }
}

class GithubClient implements ProviderClient {
  readonly issuer = null
  readonly #trustEmail: boolean
  readonly #url: string
  readonly #apiUrl: string
  readonly #configuration: Configuration
  readonly #fetch: OutboundFetch

  constructor(options: GithubOptions, runtime: Runtime) {
    const { clientId, clientSecret, timeoutMs = outboundTimeoutMs } = options
    this.#trustEmail = options.trustEmail === true
    this.#url = (options.url ?? 'https://github.com').replace(/\/+$/, '')
    this.#apiUrl = (options.apiUrl ?? (options.url ? `${this.#url}/api/v3` : 'https://api.github.com')).replace(
      /\/+$/,
      '',
    )
    this.#fetch = outboundFetch(runtime.fetch, timeoutMs)
    this.#configuration = new Configuration(
      {
        issuer: this.#url,
        authorization_endpoint: `${this.#url}/login/oauth/authorize`,
        token_endpoint: `${this.#url}/login/oauth/access_token`,
      },
      clientId,
      clientSecret,
    )
    this.#configuration.timeout = timeoutMs / 1_000
    this.#configuration[customFetch] = (url, init) => this.#exchangeFetch(url, init as RequestInit)
    if (isLoopbackUrl(this.#url)) allowInsecureRequests(this.#configuration)
  }

  async authorizationUrl(request: AuthorizationRequest): Promise<URL> {
    return buildAuthorizationUrl(this.#configuration, {
      redirect_uri: request.redirectUri,
      scope: 'read:user user:email',
      state: request.state,
      code_challenge: request.codeChallenge,
      code_challenge_method: 'S256',
      ...(request.loginHint === undefined ? {} : { login: request.loginHint }),
      ...(request.prompt === undefined ? {} : { prompt: request.prompt }),
    })
  }

  async exchange(grant: CodeGrant): Promise<ExternalProfile> {
    try {
      const callback = new URL(grant.redirectUri)
      callback.searchParams.set('code', grant.code)
      callback.searchParams.set('state', grant.state)
      const { access_token: accessToken } = await authorizationCodeGrant(this.#configuration, callback, {
        expectedState: grant.state,
        pkceCodeVerifier: grant.codeVerifier,
      })
      return await this.#profile(accessToken)
    } catch (error) {
      // What openid-client finds wrong here cannot be an ID token: there is none.
      if (error instanceof ClientError && error.code === 'OAUTH_INVALID_RESPONSE') {
        throw new FocusError('provider_error', 'github answered the exchange without an access token.')
      }
      throw toProviderError(error, 'github')
    }
  }

  /** GitHub answers errors of the exchange with 200; as 400 they are what RFC 6749 §5.2 says. */
  async #exchangeFetch(url: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers)
    headers.set('accept', 'application/json')
    const response = await this.#fetch(url, { ...init, headers })
    const body = await response.text()
    const failed = response.status === 200 && /^\s*\{[^}]*"error"\s*:/.test(body)
    const error = /"error"\s*:\s*"([a-z_]+)"/.exec(body)?.[1]
    const text = failed && error === 'bad_verification_code' ? '{"error":"invalid_grant"}' : body
    return new Response(text, { status: failed ? 400 : response.status, headers: response.headers })
  }

  async #profile(accessToken: string): Promise<ExternalProfile> {
    const user = await this.#api('/user', accessToken)
    if (!isObject(user) || typeof user['id'] !== 'number') {
      throw new FocusError('provider_error', 'github answered without a user.')
    }
    const { address, verified } = primaryEmail(await this.#api('/user/emails', accessToken))
    return {
      provider: 'github',
      issuer: this.#url,
      // The login can be given up and taken by somebody else; the number cannot.
      subject: String(user['id']),
      email: address,
      emailVerified: verified && this.#trustEmail,
      fullName: textOrNull(user['name']) ?? textOrNull(user['login']),
      givenName: null,
      avatarUrl: textOrNull(user['avatar_url']),
      preferredUsername: textOrNull(user['login']),
      locale: null,
    }
  }

  async #api(path: string, accessToken: string): Promise<unknown> {
    const response = await this.#fetch(this.#apiUrl + path, {
      headers: {
        authorization: `Bearer ${accessToken}`,
        accept: 'application/vnd.github+json',
        'user-agent': 'focus',
        'x-github-api-version': '2022-11-28',
      },
    })
    if (!response.ok) {
      throw new FocusError('provider_error', `github answered ${response.status} when it was asked for the profile.`)
    }
    return await response.json()
  }
}

function primaryEmail(answer: unknown): { readonly address: string | null; readonly verified: boolean } {
  const emails: unknown[] = Array.isArray(answer) ? answer : []
  const primary = emails.filter(isObject).find((email) => email['primary'] === true)
  const address = textOrNull(primary?.['email'])
  return { address, verified: address !== null && primary?.['verified'] === true }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
