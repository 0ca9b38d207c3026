import { FocusError } from '../../common/errors.ts'
import type { Runtime } from '../../common/runtime.ts'
import { type OpenedSecret, SingleUseSecrets, type SingleUseSecretsOptions } from '../../secrets/single-use-secrets.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { AccountKey } from '../accounts/user-directory-port.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { AuthConfig } from '../auth-config.ts'
import type { Provider, ProviderClient } from '../providers/provider.ts'
import type { ProviderRegistry } from '../providers/provider-registry.ts'
import { equalInConstantTime, sha256Base64Url } from '../../common/hashing.ts'
import { newSecret } from '../../secrets/new-secret.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { sessionRevoked } from '../tokens/token-errors.ts'
import type { User } from '../accounts/user-directory-port.ts'
import { type Flow, flowSchema, flowToJson } from './flow.ts'
import { refusedByProvider } from './provider-refusals.ts'
import { checkReturnTo } from './return-to.ts'

export interface StartOptions {
  /**
   * Binds the flow to the browser that began it: `binding` of the result goes into a cookie (S03). A flow that ends on a page
   * always is.
   */
  readonly bind?: boolean
  /** Origin of the page whose `fetch` begins the flow; kept only when it is allow-listed. */
  readonly origin?: string | null
  readonly returnTo?: string | null
  /** S256 challenge of a verifier that the page keeps (S34). */
  readonly codeChallenge?: string | null
  /** Adds the account to this user, while this session of theirs lasts, instead of signing in. */
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

export interface Callback {
  readonly state: string
  readonly code: string | null
  readonly iss: string | null
  /** `error` of the provider, such as `access_denied`. */
  readonly error: string | null
  /** Value of the flow's cookie; null when the browser sent none. */
  readonly binding: string | null
  /** Whom the request's access token speaks for; a link that began elsewhere is finished by its user this way. */
  readonly userKey?: UserKey | null
}

export interface SignedIn {
  readonly user: User
  readonly provider: string
  readonly account: AccountKey
  /** Whether this sign-in made the user. */
  readonly created: boolean
  /** Whether the account was added to a signed-in user. */
  readonly linked: boolean
}

/** The flow ended before, in the browser that now repeats its callback. */
export class FinishedFlowError extends FocusError {
  constructor() {
    super('invalid_state', 'This sign-in has already ended.', { hint: 'Start the sign-in again.' })
  }
}

export interface SignInDependencies {
  readonly config: AuthConfig
  readonly runtime: Runtime
  readonly sealing: Pick<SingleUseSecretsOptions<Flow>, 'sealer' | 'store' | 'clock'>
  readonly accounts: Accounts
  readonly sessions: Pick<Sessions, 'endsAt'>
  readonly providers: ProviderRegistry
}

/** The authorization code flow, from its start to the user that it ends with. */
export class SignIn {
  readonly #config: AuthConfig
  readonly #runtime: Runtime
  readonly #flows: SingleUseSecrets<Flow>
  readonly #sessions: SignInDependencies['sessions']
  readonly #accounts: Accounts
  readonly #providers: ProviderRegistry
  readonly #ownOrigin: string | null

  constructor({ config, runtime, sealing, accounts, sessions, providers }: SignInDependencies) {
    this.#config = config
    this.#runtime = runtime
    this.#flows = new SingleUseSecrets({ ...sealing, kind: 'flow', schema: flowSchema })
    this.#sessions = sessions
    this.#accounts = accounts
    this.#providers = providers
    this.#ownOrigin = config.publicUrl === null ? null : new URL(config.publicUrl).origin
  }

  /** Names of the configured providers. */
  get providers(): string[] {
    return this.#providers.names
  }

  /**
   * Starts a sign-in: the person goes to `authorizationUrl`, and comes back to the provider's callback with `state`. Nothing
   * is stored: the state carries the flow, sealed.
   *
   * @throws FocusError `oauth_disabled`, `unknown_provider`, `return_to_not_allowed`, `invalid_request`,
   * `provider_unreachable`, `provider_error`
   */
  async start(providerName: string, options: StartOptions = {}): Promise<StartedSignIn> {
    const { provider, client } = this.#providers.find(providerName)
    const { random, clock } = this.#runtime
    const flow = this.#newFlow(provider, options)
    const binding = options.bind === true || flow.returnTo !== null ? newSecret(random) : null
    const state = this.#flows.issue(
      flowToJson({ ...flow, bindingHash: binding === null ? null : sha256Base64Url(binding) }),
      clock() + this.#config.flowTtlSeconds * 1_000,
    )
    const url = await client.authorizationUrl({
      redirectUri: flow.redirectUri,
      state,
      nonce: flow.nonce,
      codeChallenge: sha256Base64Url(flow.codeVerifier),
      loginHint: options.loginHint,
      prompt: options.prompt,
    })
    return { authorizationUrl: url.href, state, binding }
  }

  /**
   * The flow of a state, whether it is still good or not; null when this installation did not make it, made it for another
   * provider (S08), or would not let it end there any more (S10). Asks no database.
   */
  read(providerName: string, state: string): Flow | null {
    return this.#open(providerName, state)?.content ?? null
  }

  /** Where a sign-in may end; null for any other address (S10). */
  allowedReturnTo(address: string): string | null {
    try {
      return this.#checkReturnTo(address)
    } catch (error) {
      if (error instanceof FocusError) return null
      throw error
    }
  }

  /**
   * Ends a sign-in: uses up the flow, has the provider confirm the code, and finds or makes the user. Of several callbacks
   * with one state exactly one succeeds (S02).
   *
   * @throws FinishedFlowError `invalid_state`, FocusError `oauth_disabled`, `unknown_provider`, `invalid_state`,
   * `flow_not_bound`, `iss_missing`, `iss_mismatch`, `access_denied` and other refusals of the provider, `invalid_grant`,
   * `id_token_invalid`, `provider_unreachable`, `provider_error`, `account_exists`, `account_linked_elsewhere`,
   * `user_disabled`, `session_revoked`
   */
  async complete(providerName: string, callback: Callback): Promise<SignedIn> {
    const { client } = this.#providers.find(providerName)
    const opened = this.#open(providerName, callback.state)
    if (!opened || opened.expired) throw unknownState()
    const { link, redirectUri, nonce, codeVerifier } = opened.content
    assertBoundTo(opened.content, callback)
    this.#checkIssuer(client, callback)
    // Nothing is granted, so nothing is used up: the person may go back and agree.
    if (callback.error !== null) throw refusedByProvider(callback.error)
    if (callback.code === null) throw new FocusError('invalid_request', 'The callback carries no code.')
    if (!(await this.#flows.use(opened))) throw new FinishedFlowError()
    const profile = await client.exchange({
      code: callback.code,
      state: callback.state,
      redirectUri,
      nonce,
      codeVerifier,
    })
    const account = { issuer: profile.issuer, subject: profile.subject }
    if (link === null) {
      return { ...(await this.#accounts.signIn(profile)), provider: providerName, account, linked: false }
    }
    // Looked at last: the session may have ended while the person was at the provider (S37).
    if ((await this.#sessions.endsAt(link.sessionId)) === null) throw sessionRevoked()
    const user = await this.#accounts.link(link.userKey, profile)
    return { user, provider: providerName, account, created: false, linked: true }
  }

  #open(providerName: string, state: string): OpenedSecret<Flow> | null {
    const opened = this.#flows.open(state)
    return opened?.content.provider === providerName && this.#mayEnd(opened.content) ? opened : null
  }

  /** A state can be kept for years: what it was sealed with counts only as long as the configuration says the same. */
  #mayEnd({ returnTo, origin }: Flow): boolean {
    return (
      (returnTo === null || this.allowedReturnTo(returnTo) === returnTo) &&
      (origin === null || this.#config.origins.allows(origin))
    )
  }

  #checkReturnTo(address: string): string {
    return checkReturnTo(address, this.#config.returnTo, this.#ownOrigin)
  }

  #newFlow(provider: Provider, options: StartOptions): Omit<Flow, 'bindingHash'> {
    const { random } = this.#runtime
    const { origin = null, codeChallenge = null } = options
    const returnTo = options.returnTo == null ? null : this.#checkReturnTo(options.returnTo)
    if (codeChallenge !== null && !/^[\w-]{43}$/.test(codeChallenge)) {
      throw new FocusError('invalid_request', 'code_challenge is not the S256 of a verifier.', {
        hint: 'Send base64url(SHA-256(code_verifier)), 43 characters without padding.',
      })
    }
    if (returnTo !== null && options.bind !== true && codeChallenge === null) {
      throw new FocusError('invalid_request', 'return_to needs a code_challenge when the sign-in is begun by fetch.', {
        hint: 'Send code_challenge (S256), or navigate to this address instead of fetching it.',
      })
    }
    return {
      provider: provider.name,
      codeVerifier: newSecret(random),
      nonce: newSecret(random),
      redirectUri: this.#redirectUri(provider),
      origin: origin !== null && this.#config.origins.allows(origin) ? origin : null,
      returnTo,
      codeChallenge,
      link: linkOf(options),
    }
  }

  /** From configuration only; no header of the request has a say (S09). */
  #redirectUri({ name, redirectUri }: Provider): string {
    if (redirectUri !== undefined) return redirectUri
    const { publicUrl, basePath } = this.#config
    if (publicUrl !== null) return `${publicUrl}${basePath}/auth/${name}/callback`
    throw new FocusError('invalid_option', `Provider ${name} has no redirect URI.`, {
      hint: 'Set FOCUS_PUBLIC_URL, or the redirect URI of the provider (GOOGLE_REDIRECT_URI).',
    })
  }

  #checkIssuer({ issuer }: ProviderClient, { iss }: Callback): void {
    if (issuer === null) return
    if (iss === null) {
      if (!this.#config.requireIss) return
      throw new FocusError('iss_missing', 'The callback carries no iss.', {
        hint: 'Forward the whole query of the callback, not only code and state.',
      })
    }
    if (iss !== issuer) {
      throw new FocusError('iss_mismatch', 'The callback comes from another issuer than the sign-in was begun with.', {
        hint: 'Start the sign-in again.',
      })
    }
  }
}

/**
 * A link must end where it began, and not while somebody else is signed in there: else somebody's account could be linked to
 * another person's user by a mere URL.
 */
function assertBoundTo({ bindingHash, link }: Flow, { binding, userKey = null }: Callback): void {
  if (link !== null && userKey !== null) {
    if (userKey === link.userKey) return
    throw new FocusError('flow_not_bound', 'Another user began to link this account.', {
      hint: 'Sign in as the user who wants the account, and link it again.',
    })
  }
  const bound = bindingHash === null || (binding !== null && equalInConstantTime(sha256Base64Url(binding), bindingHash))
  if (bound && (link === null || bindingHash !== null)) return
  throw new FocusError('flow_not_bound', 'This sign-in was started in another browser.', {
    hint: 'Begin the sign-in in this browser, with cookies switched on.',
  })
}

function linkOf({ link }: StartOptions): Flow['link'] {
  if (link == null) return null
  const { userKey, sessionId } = link
  if (sessionId !== null) return { userKey, sessionId }
  throw new FocusError('invalid_token', 'The access token names no session, which a link would have to end with.')
}

export function unknownState(): FocusError {
  return new FocusError('invalid_state', 'This sign-in is unknown, was already used, or took too long.', {
    hint: 'Start the sign-in again.',
  })
}
