import { FocusError } from '../../errors.ts'
import type { OneTimeStore } from '../../one-time.ts'
import type { Runtime } from '../../runtime.ts'
import type { UserKey } from '../../user-id.ts'
import type { Accounts } from '../accounts.ts'
import type { AuthConfig } from '../config.ts'
import type { Provider, ProviderClient } from '../providers/provider.ts'
import type { Providers } from '../providers/registry.ts'
import { equalInConstantTime, newSecret, s256, sha256 } from '../secrets.ts'
import type { User } from '../types.ts'
import { type Flow, flowFromJson, flowKind, flowToJson } from './flow.ts'
import { checkReturnTo } from './return-to.ts'

export interface BeginOptions {
  /** Binds the flow to the browser that began it: `binding` of the result goes into a cookie (S03). */
  readonly bind?: boolean
  /** Origin of the page whose `fetch` begins the flow; kept only when it is allow-listed. */
  readonly origin?: string | null
  readonly returnTo?: string | null
  /** S256 challenge of a verifier that the page keeps (S34). */
  readonly codeChallenge?: string | null
  /** Adds the account to this user instead of signing in. */
  readonly linkTo?: UserKey | null
  readonly loginHint?: string | undefined
  readonly prompt?: string | undefined
}

export interface BegunSignIn {
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
  /** What `peek` has just said of the state, which is looked up otherwise. */
  readonly flow?: Flow | null
}

export interface SignedIn {
  readonly user: User
  readonly provider: string
  /** Whether this sign-in made the user. */
  readonly created: boolean
  /** Whether the account was added to a signed-in user. */
  readonly linked: boolean
}

export interface SignInDependencies {
  readonly config: AuthConfig
  readonly runtime: Runtime
  readonly flows: OneTimeStore
  readonly accounts: Accounts
  readonly providers: Providers
}

/** The authorization code flow, from its start to the user that it ends with. */
export class SignIn {
  readonly #config: AuthConfig
  readonly #runtime: Runtime
  readonly #flows: OneTimeStore
  readonly #accounts: Accounts
  readonly #providers: Providers
  readonly #returnTo: readonly string[]

  constructor({ config, runtime, flows, accounts, providers }: SignInDependencies) {
    this.#config = config
    this.#runtime = runtime
    this.#flows = flows
    this.#accounts = accounts
    this.#providers = providers
    const { publicUrl, returnTo } = config
    this.#returnTo = publicUrl === null ? returnTo : [...returnTo, new URL(publicUrl).origin]
  }

  /** Names of the configured providers. */
  get providers(): string[] {
    return this.#providers.names
  }

  /**
   * Starts a sign-in: the person goes to `authorizationUrl`, and comes back to the provider's callback with `state`.
   *
   * @throws FocusError `oauth_disabled`, `unknown_provider`, `return_to_not_allowed`, `invalid_request`,
   * `provider_unreachable`, `provider_error`
   */
  async begin(providerName: string, options: BeginOptions = {}): Promise<BegunSignIn> {
    const { provider, client } = this.#providers.find(providerName)
    const flow = this.#newFlow(provider, options)
    const { random, clock } = this.#runtime
    const state = newSecret(random)
    const binding = options.bind === true ? newSecret(random) : null
    const url = await client.authorizationUrl({
      redirectUri: flow.redirectUri,
      state,
      nonce: flow.nonce,
      codeChallenge: s256(flow.codeVerifier),
      loginHint: options.loginHint,
      prompt: options.prompt,
    })
    const row = { ...flow, bindingHash: binding === null ? null : sha256(binding) }
    await this.#flows.put(flowKind, state, flowToJson(row), clock() + this.#config.flowTtlSeconds * 1_000)
    return { authorizationUrl: url.href, state, binding }
  }

  /** The flow of a state, left as it is; null when it is unknown, used, expired, or another provider's (S08). */
  async peek(providerName: string, state: string): Promise<Flow | null> {
    const flow = flowFromJson(await this.#flows.peek(flowKind, state))
    return flow?.provider === providerName ? flow : null
  }

  /**
   * Ends a sign-in: uses up the flow, has the provider confirm the code, and finds or makes the user. Of several callbacks
   * with one state exactly one succeeds (S02).
   *
   * @throws FocusError `oauth_disabled`, `unknown_provider`, `invalid_state`, `flow_not_bound`, `iss_missing`,
   * `iss_mismatch`, `access_denied`, `invalid_grant`, `id_token_invalid`, `provider_unreachable`, `provider_error`,
   * `account_exists`, `account_linked_elsewhere`, `user_disabled`
   */
  async complete(providerName: string, callback: Callback): Promise<SignedIn> {
    const { client } = this.#providers.find(providerName)
    const seen = callback.flow === undefined ? await this.peek(providerName, callback.state) : callback.flow
    if (!seen) throw unknownState()
    if (!isBoundTo(seen, callback)) throw notBound()
    this.#checkIssuer(client, callback)
    const flow = flowFromJson(await this.#flows.take(flowKind, callback.state))
    if (!flow) throw unknownState()
    if (callback.error !== null) throw refused(callback.error)
    if (callback.code === null) throw new FocusError('invalid_request', 'The callback carries no code.')
    const profile = await client.exchange({
      code: callback.code,
      state: callback.state,
      redirectUri: flow.redirectUri,
      nonce: flow.nonce,
      codeVerifier: flow.codeVerifier,
    })
    if (flow.linkTo === null)
      return { ...(await this.#accounts.signIn(profile)), provider: providerName, linked: false }
    const user = await this.#accounts.link(flow.linkTo, profile)
    return { user, provider: providerName, created: false, linked: true }
  }

  #newFlow(provider: Provider, options: BeginOptions): Omit<Flow, 'bindingHash'> {
    const { random } = this.#runtime
    const { origin = null, codeChallenge = null } = options
    const returnTo = options.returnTo == null ? null : checkReturnTo(options.returnTo, this.#returnTo)
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
      linkTo: options.linkTo ?? null,
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
        hint: 'Begin the sign-in again.',
      })
    }
  }
}

/** A link must end where it began: else somebody's account could be linked to another person's user by a mere URL. */
function isBoundTo({ bindingHash, linkTo }: Flow, { binding, userKey }: Callback): boolean {
  if (linkTo !== null && userKey === linkTo) return true
  if (linkTo !== null && bindingHash === null) return false
  return bindingHash === null || (binding !== null && equalInConstantTime(sha256(binding), bindingHash))
}

function unknownState(): FocusError {
  return new FocusError('invalid_state', 'This sign-in is unknown, was already used, or took too long.', {
    hint: 'Begin the sign-in again.',
  })
}

function notBound(): FocusError {
  return new FocusError('flow_not_bound', 'This sign-in was begun in another browser.', {
    hint: 'Begin the sign-in in this browser, with cookies switched on.',
  })
}

function refused(error: string): FocusError {
  if (error === 'access_denied') {
    return new FocusError('access_denied', 'The sign-in was refused.', { hint: 'Begin again and agree to it.' })
  }
  const known = /^[a-z_]{1,64}$/.test(error) ? error : 'an unknown error'
  return new FocusError('provider_error', `The sign-in provider reported ${known}.`, {
    hint: 'Begin the sign-in again; if it stays, check the settings of the client at the provider.',
  })
}
