import { FocusError } from '../../errors.ts'
import type { OneTimeStore } from '../../one-time.ts'
import type { Runtime } from '../../runtime.ts'
import type { Providers } from '../providers/registry.ts'
import { newSecret } from '../secrets.ts'
import type { ExternalProfile } from '../types.ts'

const kind = 'nonce'
export const nonceTtlSeconds = 600
const maxIdTokenLength = 16_384

export interface IdTokensDependencies {
  readonly providers: Providers
  readonly store: OneTimeStore
  readonly runtime: Runtime
}

/**
 * Sign-in with an ID token that an app got from the provider's own SDK (S35). The app first asks for a nonce and has the
 * provider put it into the token: one that was made for another occasion, or was used, is worth nothing.
 */
export class IdTokens {
  readonly #providers: Providers
  readonly #store: OneTimeStore
  readonly #runtime: Runtime

  constructor({ providers, store, runtime }: IdTokensDependencies) {
    this.#providers = providers
    this.#store = store
    this.#runtime = runtime
  }

  /** @throws FocusError `oauth_disabled`, `unknown_provider` */
  async newNonce(providerName: string): Promise<string> {
    this.#providers.find(providerName)
    const nonce = newSecret(this.#runtime.random)
    await this.#store.put(kind, nonce, { provider: providerName }, this.#runtime.clock() + nonceTtlSeconds * 1_000)
    return nonce
  }

  /** @throws FocusError `oauth_disabled`, `unknown_provider`, `id_token_invalid`, `provider_unreachable` */
  async verify(providerName: string, idToken: string): Promise<ExternalProfile> {
    const { client } = this.#providers.find(providerName)
    if (!client.verifyIdToken) {
      throw new FocusError('invalid_request', `${providerName} has no ID tokens.`, {
        hint: `Sign in at /auth/${providerName} instead.`,
      })
    }
    if (idToken.length > maxIdTokenLength) throw new FocusError('id_token_invalid', 'The ID token is too long.')
    const { profile, nonce } = await client.verifyIdToken(idToken)
    const issued = await this.#store.take(kind, nonce)
    if (isFor(issued, providerName)) return profile
    throw new FocusError('id_token_invalid', 'The nonce of the ID token is not one of ours, was used, or is too old.', {
      hint: `Ask for one with POST /auth/${providerName}/nonce and have the provider put it into the token.`,
    })
  }
}

function isFor(payload: unknown, provider: string): boolean {
  return typeof payload === 'object' && payload !== null && 'provider' in payload && payload.provider === provider
}
