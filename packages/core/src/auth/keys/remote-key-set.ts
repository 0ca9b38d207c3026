import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify, type JWTVerifyOptions } from 'jose'
import { FocusError } from '../../common/errors.ts'
import type { Logger } from '../../common/logging/logger.ts'
import type { Clock } from '../../common/runtime.ts'
import type { SafeFetch } from '../../net/outgoing/safe-fetch.ts'
import { RemoteValue } from '../../net/outgoing/remote-value.ts'

export interface RemoteKeySetOptions {
  readonly url: string
  /** Owner of the keys, for messages. */
  readonly owner: string
  readonly fetch: SafeFetch
  readonly clock: Clock
  readonly logger: Logger
  /** Pause after a failed load while no keys are held; 0 when absent. */
  readonly pauseMs?: number
}

/** How long a key set counts as fresh. */
const freshMs = 600_000
/** Keys of one `kid` that are tried on one token, so that no key set makes a token expensive. */
const maxAttempts = 8

type KeySet = ReturnType<typeof createLocalJWKSet>

/**
 * Verifies tokens with the public keys of another issuer (RFC 7517). Every key that matches a token's header is tried, because
 * two keys may share a `kid`; the set is read again when none matches.
 */
export class RemoteKeySet {
  readonly #keys: RemoteValue<KeySet>

  constructor({ url, owner, fetch, clock, logger, pauseMs = 0 }: RemoteKeySetOptions) {
    const load = async () => createLocalJWKSet(await readKeySet(url, owner, fetch))
    this.#keys = new RemoteValue({ what: `The keys of ${owner}`, load, clock, logger, freshMs, pauseMs })
  }

  /**
   * Checks signature and claims.
   *
   * @param trusted whether the token came directly from its issuer: a missing key is then requested immediately, and otherwise at
   * most every 30 seconds
   * @throws FocusError `provider_error`, `provider_unreachable` when the keys cannot be read; jose's errors for the token
   */
  async verify(token: string, options: JWTVerifyOptions, trusted: boolean): Promise<JWTPayload> {
    const keys = await this.#keys.get()
    try {
      return await verifyWithAny(token, keys, options)
    } catch (error) {
      if (!isAboutTheKey(error)) throw error
      const renewed = await this.#keys.renew({ urgent: trusted }).catch((failure: unknown) => {
        // With the present keys the signature is wrong; a failed read of new keys does not change that.
        throw error instanceof errors.JWKSNoMatchingKey ? failure : error
      })
      if (renewed === keys) throw error
      return await verifyWithAny(token, renewed, options)
    }
  }
}

async function verifyWithAny(token: string, keys: KeySet, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keys, options)).payload
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    let attempts = 0
    for await (const key of error) {
      attempts += 1
      if (attempts > maxAttempts) break
      try {
        return (await jwtVerify(token, key, options)).payload
      } catch (failure) {
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure
      }
    }
    throw new errors.JWSSignatureVerificationFailed()
  }
}

function isAboutTheKey(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed
}

async function readKeySet(url: string, owner: string, fetch: SafeFetch): Promise<JSONWebKeySet> {
  const response = await fetch(url, { headers: { accept: 'application/jwk-set+json, application/json' } })
  const body: unknown = response.status === 200 ? await response.json().catch(() => null) : null
  const keys: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'keys') : null
  if (!Array.isArray(keys)) {
    throw new FocusError('provider_error', `${owner} answered ${response.status} without a key set.`, {
      hint: 'Check jwks_uri: it must answer a JSON Web Key Set (RFC 7517).',
    })
  }
  return { keys: keys.filter((key) => typeof key === 'object' && key !== null && typeof key.kty === 'string') }
}
