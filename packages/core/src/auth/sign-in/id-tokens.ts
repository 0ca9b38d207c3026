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
 * ID tokens that an app received from the provider's SDK (S35). The app first requests a nonce and has the provider put it
 * into the token, so that a token works once and only here.
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

  /**
   * Returns a nonce, valid for `nonceTtlSeconds`.
   *
   * @throws FocusError `oauth_disabled`, `unknown_provider`
   */
  newNonce(providerName: string): string {
    this.#providers.find(providerName)
    return this.#nonces.issue({ provider: providerName }, this.#clock() + nonceTtlSeconds * 1_000)
  }

  /**
   * Checks an ID token and consumes its nonce.
   *
   * @throws FocusError `oauth_disabled`, `unknown_provider`, `invalid_request`, `id_token_invalid`, `provider_unreachable`
   */
  async verify(providerName: string, idToken: string): Promise<ExternalProfile> {
    const { client } = this.#providers.find(providerName)
    if (!client.verifyIdToken) {
      throw new FocusError('invalid_request', `${providerName} issues no ID tokens.`, {
        hint: `Sign in at /auth/${providerName} instead.`,
      })
    }
    if (idToken.length > maxIdTokenLength) throw new FocusError('id_token_invalid', 'The ID token is too long.')
    const { profile, nonce } = await client.verifyIdToken(idToken)
    const issued = this.#nonces.open(nonce)
    if (issued?.content.provider === providerName && (await this.#nonces.use(issued))) return profile
    throw new FocusError(
      'id_token_invalid',
      'The nonce of the ID token was not issued here, was used, or has expired.',
      {
        hint: `Request one with POST /auth/${providerName}/nonce and have the provider put it into the token.`,
      },
    )
  }
}
