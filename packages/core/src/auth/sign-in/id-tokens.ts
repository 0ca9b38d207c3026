import { z } from 'zod'
import { FocusError } from '../../common/errors.ts'
import type { Clock } from '../../common/runtime.ts'
import { SingleUseSecrets, type SingleUseSecretsOptions } from '../../secrets/single-use-secrets.ts'
import type { ProviderRegistry } from '../providers/provider-registry.ts'
import type { ExternalProfile } from '../accounts/user-directory-port.ts'

export const nonceTtlSeconds = 600
const maxIdTokenLength = 16_384

export interface IdTokensDependencies extends Pick<SingleUseSecretsOptions<unknown>, 'sealer' | 'store' | 'clock'> {
  readonly providers: ProviderRegistry
}

/**
 * Sign-in with an ID token that an app got from the provider's own SDK (S35). The app first asks for a nonce and has the
 * provider put it into the token: one that was made for another occasion, or was used, is worth nothing.
 */
export class IdTokens {
  readonly #providers: ProviderRegistry
  readonly #clock: Clock
  readonly #nonces: SingleUseSecrets<{ provider: string }>

  constructor({ providers, ...sealing }: IdTokensDependencies) {
    this.#providers = providers
    this.#clock = sealing.clock
    this.#nonces = new SingleUseSecrets({ ...sealing, kind: 'nonce', schema: z.object({ provider: z.string() }) })
  }

  /** @throws FocusError `oauth_disabled`, `unknown_provider` */
  newNonce(providerName: string): string {
    this.#providers.find(providerName)
    return this.#nonces.issue({ provider: providerName }, this.#clock() + nonceTtlSeconds * 1_000)
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
    const issued = this.#nonces.open(nonce)
    if (issued?.content.provider === providerName && (await this.#nonces.use(issued))) return profile
    throw new FocusError('id_token_invalid', 'The nonce of the ID token is not one of ours, was used, or is too old.', {
      hint: `Ask for one with POST /auth/${providerName}/nonce and have the provider put it into the token.`,
    })
  }
}
