import { errors } from 'jose'
import { FocusError } from '../../common/errors.ts'
import type { TokenKeys } from './token-keys.ts'

/** No keys: another issuer signs the access tokens. */
export class NoKeys implements TokenKeys {
  readonly algorithms: readonly string[] = []
  readonly generation = 0

  async start(): Promise<void> {}
  async maintain(): Promise<void> {}
  async refresh(): Promise<void> {}
  onChanged(): void {}

  async signing(): Promise<never> {
    throw foreignIssuer()
  }

  async verification(): Promise<never> {
    throw new errors.JWKSNoMatchingKey()
  }

  published(): null {
    return null
  }

  own(): null {
    return null
  }

  async jwks(): Promise<{ readonly keys: readonly [] }> {
    return { keys: [] }
  }

  async list(): Promise<[]> {
    return []
  }

  async rotate(): Promise<never> {
    throw foreignIssuer()
  }
}

function foreignIssuer(): FocusError {
  return new FocusError('invalid_request', 'Another issuer signs the access tokens (tokens.jwksUri).', {
    hint: 'Ask the issuer of the tokens.',
  })
}
