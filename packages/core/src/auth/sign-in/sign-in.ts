import { FocusError } from '../../common/errors.ts'
import { sha256Base64Url } from '../../common/hashing.ts'
import type { Debug } from '../../common/logging/debug.ts'
import type { Runtime } from '../../common/runtime.ts'
import { toUserKey, type UserKey } from '../../common/user-id.ts'
import type { OpenedSecret } from '../../secrets/single-use-secrets.ts'
import { type Accounts, assertEnabled } from '../accounts/accounts.ts'
import type { AccountKey, ExternalProfile, User } from '../accounts/user-directory-port.ts'
import type { Users } from '../accounts/users.ts'
import type { AuthConfig } from '../auth-config.ts'
import type { Principal, TokenVerifier } from '../ports.ts'
import type { ProviderRegistry } from '../providers/provider-registry.ts'
import type { ClientInfo } from '../sessions/client-info.ts'
import type { ProvenSessions, SessionCredentials } from '../sessions/proven-sessions.ts'
import type { Sessions, TokenPair } from '../sessions/sessions.ts'
import { sessionRevoked } from '../tokens/token-errors.ts'
import {
  assertBound,
  assertIssuer,
  finishedState,
  forwardingPage,
  type SignInCallback,
  unknownState,
} from './callback.ts'
import type { Flow } from './flow.ts'
import type { Flows } from './flows.ts'
import type { IdTokens } from './id-tokens.ts'
import { refusedByProvider } from './provider-refusals.ts'
import type { CodeProof, SingleUseCodes } from './single-use-codes.ts'
import { newFlow, type StartedSignIn, type StartOptions } from './start-flow.ts'

/** The browser or app that signs in. */
export interface SignInClient extends ClientInfo {
  /** Tokens that the browser already has: a session of the same user is replaced by the new one. */
  readonly credentials: SessionCredentials
}

/** How a callback ends. */
export type SignInResult =
  /** A session was started. `sameBrowser`: the flow's cookie proved that this browser started the flow. */
  | { readonly kind: 'tokens'; readonly tokens: TokenPair; readonly sameBrowser: boolean }
  /** The sign-in ends on a page, which redeems a single-use code; no token travels in a URL (S34). */
  | { readonly kind: 'code'; readonly page: string; readonly code: string }
  /** The account was linked to the user who asked for it. */
  | { readonly kind: 'linked'; readonly provider: string; readonly user: User; readonly page: string | null }
  /** A page of another origin started the flow and handles its callback; nothing was consumed. */
  | { readonly kind: 'forward'; readonly page: string; readonly link: boolean }
  /** The browser repeats a callback that has ended on its page before. */
  | { readonly kind: 'repeated'; readonly page: string; readonly link: boolean }

export interface SignInDependencies {
  readonly config: AuthConfig
  readonly runtime: Runtime
  readonly flows: Flows
  readonly codes: SingleUseCodes
  readonly idTokens: IdTokens
  readonly accounts: Accounts
  readonly users: Pick<Users, 'byKey'>
  readonly sessions: Pick<Sessions, 'start' | 'endsAt'>
  readonly proven: ProvenSessions
  readonly verifier: TokenVerifier
  readonly providers: ProviderRegistry
}

/** Signing in and linking accounts: by the authorization code flow, by a single-use code, or by an ID token. */
export class SignIn {
  readonly #deps: SignInDependencies
  readonly #debug: Debug

  constructor(dependencies: SignInDependencies) {
    this.#deps = dependencies
    this.#debug = dependencies.runtime.debug('sign-in')
  }

  /**
   * Starts a sign-in: the browser goes to `authorizationUrl`, and returns to the provider's callback with `state`. Nothing is
   * stored: the state carries the flow, sealed.
   *
   * @throws FocusError `oauth_disabled`, `unknown_provider`, `return_to_not_allowed`, `invalid_request`,
   * `provider_unreachable`, `provider_error`
   */
  async start(providerName: string, options: StartOptions = {}): Promise<StartedSignIn> {
    const { config, runtime, flows, providers } = this.#deps
    const { provider, client } = providers.find(providerName)
    const { flow, binding } = newFlow(provider, options, { config, random: runtime.random, flows })
    const state = flows.issue(flow)
    const url = await client.authorizationUrl({
      redirectUri: flow.redirectUri,
      state,
      nonce: flow.nonce,
      codeChallenge: sha256Base64Url(flow.codeVerifier),
      loginHint: options.loginHint,
      prompt: options.prompt,
    })
    this.#debug('flow started', { provider: providerName, bound: binding !== null, link: flow.link !== null })
    return { authorizationUrl: url.href, state, binding }
  }

  /**
   * Finishes a flow: consumes it, has the provider confirm the code, finds or creates the user, and starts the session. Of
   * several callbacks with one state exactly one succeeds (S02).
   *
   * @throws FocusError `oauth_disabled`, `unknown_provider`, `invalid_state`, `flow_not_bound`, `iss_missing`, `iss_mismatch`,
   * `access_denied` and other refusals of the provider, `invalid_grant`, `id_token_invalid`, `provider_unreachable`,
   * `provider_error`, `account_exists`, `account_linked_elsewhere`, `user_disabled`, `session_revoked`
   */
  async finish(callback: SignInCallback, client: SignInClient): Promise<SignInResult> {
    const opened = this.#deps.flows.open(callback.provider, callback.state)
    if (!opened) throw unknownState()
    const { content: flow } = opened
    const forward = callback.navigates ? forwardingPage(flow) : null
    if (forward !== null) return { kind: 'forward', page: forward, link: flow.link !== null }
    const profile = await this.#exchange(opened, callback, await this.#linkingUser(flow, client))
    if (profile === null) {
      if (flow.returnTo === null) throw finishedState()
      return { kind: 'repeated', page: flow.returnTo, link: flow.link !== null }
    }
    const result = await (flow.link === null
      ? this.#signIn(flow, profile, client)
      : this.#link(flow.link, flow, profile))
    this.#debug('flow finished', { provider: flow.provider, kind: result.kind })
    return result
  }

  /**
   * Exchanges a single-use code for a session. Only the browser that started the flow can do so.
   *
   * @throws FocusError `invalid_grant`, `user_disabled`
   */
  async redeemCode(
    code: string,
    proof: CodeProof,
    client: SignInClient,
  ): Promise<{ readonly tokens: TokenPair; readonly sameBrowser: boolean }> {
    const { userKey, provider, account, sameBrowser } = await this.#deps.codes.redeem(code, proof)
    const user = await this.#deps.users.byKey(userKey)
    if (!user) throw new FocusError('invalid_grant', 'The user of this code does not exist any more.')
    return { tokens: await this.#startSession(assertEnabled(user), provider, account, client), sameBrowser }
  }

  /**
   * Signs in with an ID token that an app received from the provider's SDK (S35).
   *
   * @throws FocusError `oauth_disabled`, `unknown_provider`, `invalid_request`, `id_token_invalid`, `provider_unreachable`,
   * `account_exists`, `user_disabled`
   */
  async withIdToken(provider: string, idToken: string, client: SignInClient): Promise<TokenPair> {
    const profile = await this.#deps.idTokens.verify(provider, idToken)
    const { user } = await this.#deps.accounts.signIn(profile)
    return await this.#startSession(user, provider, accountOf(profile), client)
  }

  /**
   * Links the account of an ID token to a signed-in user.
   *
   * @throws FocusError as `withIdToken`, and `session_revoked`, `account_linked_elsewhere`
   */
  async linkWithIdToken({ userKey, sessionId }: Principal, provider: string, idToken: string): Promise<User> {
    const profile = await this.#deps.idTokens.verify(provider, idToken)
    await this.#assertActive(sessionId)
    return await this.#deps.accounts.link(userKey, profile)
  }

  /**
   * Returns a nonce for an ID token of the provider's SDK.
   *
   * @throws FocusError `oauth_disabled`, `unknown_provider`
   */
  newNonce(provider: string): string {
    return this.#deps.idTokens.newNonce(provider)
  }

  /** Returns the page that the flow of a state ends on, also after a failure; null for a flow without a page. */
  pageOf(provider: string, state: string): string | null {
    return this.#deps.flows.open(provider, state)?.content.returnTo ?? null
  }

  /** Returns the normal form of an address where a sign-in may end; null for any other address (S10). */
  allowedReturnTo(address: string): string | null {
    return this.#deps.flows.allowedReturnTo(address)
  }

  /** Returns the user of the request's access token, for a flow that links an account. */
  async #linkingUser({ link }: Flow, { credentials }: SignInClient): Promise<UserKey | null> {
    if (link === null || credentials.accessToken === null) return null
    return (await this.#deps.verifier.verify(credentials.accessToken)).userKey
  }

  /** Has the provider confirm the code. Returns null for a flow that was consumed before. */
  async #exchange(
    opened: OpenedSecret<Flow>,
    callback: SignInCallback,
    userKey: UserKey | null,
  ): Promise<ExternalProfile | null> {
    const { config, flows, providers } = this.#deps
    const { client } = providers.find(callback.provider)
    if (opened.expired) throw unknownState()
    const { content: flow } = opened
    assertBound(flow, callback, userKey)
    assertIssuer(client, callback, config.requireIss)
    // Nothing is granted, so nothing is consumed: the user may go back and agree.
    if (callback.error !== null) throw refusedByProvider(callback.error)
    if (callback.code === null) throw new FocusError('invalid_request', 'The callback carries no code.')
    if (!(await flows.use(opened))) return null
    return await client.exchange({
      code: callback.code,
      state: callback.state,
      redirectUri: flow.redirectUri,
      nonce: flow.nonce,
      codeVerifier: flow.codeVerifier,
    })
  }

  async #signIn(flow: Flow, profile: ExternalProfile, client: SignInClient): Promise<SignInResult> {
    const { provider, returnTo: page, bindingHash, codeChallenge } = flow
    const { user } = await this.#deps.accounts.signIn(profile)
    const account = accountOf(profile)
    if (page === null) {
      const tokens = await this.#startSession(user, provider, account, client)
      return { kind: 'tokens', tokens, sameBrowser: bindingHash !== null }
    }
    const userKey = toUserKey(user.id)
    const code = await this.#deps.codes.issue({ userKey, provider, account, bindingHash, codeChallenge })
    return { kind: 'code', page, code }
  }

  async #link(
    { userKey, sessionId }: NonNullable<Flow['link']>,
    { provider, returnTo: page }: Flow,
    profile: ExternalProfile,
  ): Promise<SignInResult> {
    await this.#assertActive(sessionId)
    return { kind: 'linked', provider, user: await this.#deps.accounts.link(userKey, profile), page }
  }

  /** Checked last, because the session may have ended while the user was at the provider (S37). */
  async #assertActive(sessionId: string | null): Promise<void> {
    if (sessionId === null || (await this.#deps.sessions.endsAt(sessionId)) === null) throw sessionRevoked()
  }

  /** Starts a session, which replaces those of the same user in the same browser. */
  async #startSession(user: User, provider: string, account: AccountKey, client: SignInClient): Promise<TokenPair> {
    const tokens = await this.#deps.sessions.start(user, provider, client, account)
    await this.#deps.proven.endReplaced(client.credentials, tokens)
    return tokens
  }
}

function accountOf({ issuer, subject }: ExternalProfile): AccountKey {
  return { issuer, subject }
}
