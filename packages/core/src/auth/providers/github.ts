import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientSecretPost,
  Configuration,
  customFetch,
} from 'openid-client'
import { FocusError } from '../../common/errors.ts'
import { isLoopbackUrl } from '../../net/urls.ts'
import type { Logger } from '../../common/logging/logger.ts'
import type { Runtime } from '../../common/runtime.ts'
import type { ExternalProfile } from '../accounts/user-directory-port.ts'
import { checkedOptions } from '../../schema/option-checks.ts'
import { asRegistered } from './client-authentication.ts'
import { clientRefusal, toProviderError } from './provider-errors.ts'
import type { SafeFetch } from '../../net/outgoing/safe-fetch.ts'
import { providerFetch, providerTimeoutMs } from './provider-fetch.ts'
import { textOrNull } from './profile-fields.ts'
import type { AuthorizationRequest, CodeGrant, Provider, ProviderClient } from './provider.ts'
import { providerForms as forms, providerOptions } from './provider-settings.ts'
import { usedTokenAnswer } from './token-answer.ts'

/** Settings of `github()`. */
export interface GithubOptions {
  readonly clientId: string
  readonly clientSecret: string
  /** Exactly as registered; made from the public URL when absent. */
  readonly redirectUri?: string | undefined
  /** `https://github.com` when absent; the address of a GitHub Enterprise Server otherwise. */
  readonly url?: string
  /** `https://api.github.com` when absent, `{url}/api/v3` for a GitHub Enterprise Server. */
  readonly apiUrl?: string
  /** Whether an e-mail address that GitHub reports as verified may link a sign-in to an existing user (S13). False when absent. */
  readonly trustEmail?: boolean
  /** Time limit of one call to GitHub, in milliseconds; 5,000 when absent. */
  readonly timeoutMs?: number
}

const githubOptions = providerOptions<GithubOptions>(
  {
    clientId: forms.clientId,
    clientSecret: forms.clientSecret,
    redirectUri: forms.redirectUri,
    url: forms.url,
    apiUrl: forms.url,
    trustEmail: forms.yesOrNo,
    timeoutMs: forms.timeoutMs,
  },
  ['clientId', 'clientSecret'],
)

/**
 * Sign-in with GitHub, at `/auth/github`: a plain OAuth 2 provider without ID tokens. Focus exchanges the code for an access
 * token and reads the profile from the API with it.
 *
 * @example
 * ```ts
 * createFocus({ providers: [github({ clientId, clientSecret })] })
 * ```
 * @throws FocusError `invalid_option`
 */
export function github(given: GithubOptions): Provider {
  const options = checkedOptions(given, githubOptions, 'github')
  return { name: 'github', redirectUri: options.redirectUri, connect: (runtime) => new GithubClient(options, runtime) }
}

class GithubClient implements ProviderClient {
  readonly issuer = null
  readonly #trustEmail: boolean
  readonly #url: string
  readonly #apiUrl: string
  readonly #configuration: Configuration
  readonly #fetch: SafeFetch
  readonly #logger: Logger

  constructor(options: GithubOptions, runtime: Runtime) {
    const { clientId, clientSecret, redirectUri, timeoutMs = providerTimeoutMs } = options
    this.#logger = runtime.logger
    this.#trustEmail = options.trustEmail === true
    this.#url = (options.url ?? 'https://github.com').replace(/\/+$/, '')
    this.#apiUrl = (options.apiUrl ?? (options.url ? `${this.#url}/api/v3` : 'https://api.github.com')).replace(
      /\/+$/,
      '',
    )
    this.#fetch = providerFetch(runtime.fetch, timeoutMs)
    this.#configuration = new Configuration(
      {
        issuer: this.#url,
        authorization_endpoint: `${this.#url}/login/oauth/authorize`,
        token_endpoint: `${this.#url}/login/oauth/access_token`,
      },
      clientId,
      undefined,
      asRegistered(ClientSecretPost(clientSecret), redirectUri),
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
      throw clientRefusal(error, 'github', 'client_secret_post') ?? toProviderError(error, 'github')
    }
  }

  /** Converts errors of the exchange, which GitHub sends with status 200, to the form of RFC 6749 §5.2. */
  async #exchangeFetch(url: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers)
    headers.set('accept', 'application/json')
    const response = await this.#fetch(url, { ...init, headers })
    const body = await response.text()
    const failed = response.status === 200 && /^\s*\{[^}]*"error"\s*:/.test(body)
    const error = /"error"\s*:\s*"([a-z_]+)"/.exec(body)?.[1]
    const text = failed ? JSON.stringify({ error: standardErrors[error ?? ''] ?? error ?? 'unknown' }) : body
    const answer = new Response(text, { status: failed ? 400 : response.status, headers: response.headers })
    return await usedTokenAnswer(answer, 'github', { idToken: false })
  }

  async #profile(accessToken: string): Promise<ExternalProfile> {
    const user = await this.#api('/user', accessToken)
    if (!isObject(user) || typeof user['id'] !== 'number') {
      throw new FocusError('provider_error', 'github answered without a user.')
    }
    const { address, verified } = primaryEmail(await this.#emails(accessToken))
    return {
      provider: 'github',
      issuer: this.#url,
      // The login can change its owner; the number cannot.
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

  /**
   * Returns the addresses of the user; none when GitHub refuses them (403 or 404 without the scope or the permission, 429) or
   * fails. The sign-in continues without them.
   */
  async #emails(accessToken: string): Promise<unknown> {
    try {
      return await this.#api('/user/emails', accessToken)
    } catch (error) {
      this.#logger.warn('github returned no e-mail addresses; the sign-in continues without one', {
        error: toProviderError(error, 'github'),
      })
      return []
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
    if (response.ok) return await response.json()
    // RFC 6585 §4, and GitHub's own header.
    const limited = response.status === 429 || response.headers.get('x-ratelimit-remaining') === '0'
    throw new FocusError('provider_error', `github answered ${response.status} at ${path}.`, {
      hint: limited
        ? 'The rate limit of GitHub is used up; try again later.'
        : 'Check the permissions of the app at GitHub.',
    })
  }
}

/** GitHub's error codes and their equivalents in RFC 6749 §5.2. */
const standardErrors: Readonly<Record<string, string>> = {
  bad_verification_code: 'invalid_grant',
  incorrect_client_credentials: 'invalid_client',
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
